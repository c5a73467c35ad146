/** Paths of the pages. */
import { createRouter } from "sv-router";

export { Router } from "sv-router";
import LobbyPage from "./lobby/lobby-page.svelte";
import NotFoundPage from "./not-found-page.svelte";

/** `/r/:slug` is the only place room names appear in, so that no name can collide with a page. */
export const { p, navigate, isActive, route } = createRouter({
  "/": LobbyPage,
  "/r/:slug": () => import("./watch/watch-page.svelte"),
  "/sign-in": () => import("./account/sign-in-page.svelte"),
  "/host": () => import("./host/host-page.svelte"),
  "/host/:slug": () => import("./host/room-page.svelte"),
  "*notFound": NotFoundPage,
});

/** Path of a room's watch page. */
export const watchPath = (slug: string): string => `/r/${slug}`;
