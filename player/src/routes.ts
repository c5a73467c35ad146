/** Paths of the pages. */
import { createRouter } from "sv-router";

export { Router } from "sv-router";

import LobbyPage from "./lobby/lobby-page.svelte";
import NotFoundPage from "./not-found-page.svelte";

/** A room is at `/r/:slug`, where no name can collide with a page; `/:slug` works too for what is no page. */
export const { p, navigate, isActive, route } = createRouter({
  "/": LobbyPage,
  "/r/:slug": () => import("./watch/watch-page.svelte"),
  "/sign-in": () => import("./account/sign-in-page.svelte"),
  "/host": () => import("./host/host-page.svelte"),
  "/host/:slug": () => import("./host/room-page.svelte"),
  "/studio/:slug": () => import("./stage/studio-page.svelte"),
  "/join/:slug": () => import("./stage/join-page.svelte"),
  "/connection-test": () => import("./connection-test/connection-test-page.svelte"),
  "/moderate": () => import("./moderation/moderation-page.svelte"),
  "/:slug": () => import("./watch/watch-page.svelte"),
  "*notFound": NotFoundPage,
});

/** Path of a room's watch page. */
export const watchPath = (slug: string): string => `/r/${slug}`;
