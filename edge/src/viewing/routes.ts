import { Type } from "typebox";
import { ProblemError } from "../errors.ts";
import { answers, nothing } from "../http/answers.ts";
import type { Authenticate } from "../http/authenticate.ts";
import type { App } from "../http/create-app.ts";
import type { RouteLimits } from "../http/rate-limits.ts";
import { slugSchema } from "../protocol/api.ts";
import { viewingSchema } from "../protocol/moderation.ts";
import type { Rooms } from "../rooms/rooms.ts";
import { newDevice, PASS_LIFE_MS, VIEWER_COOKIE } from "./viewer-pass.ts";
import type { Viewing } from "./viewing.ts";

const tags = ["rooms"];

/** Routes of viewers: the pass a browser watches with, and whether it may watch a room. */
export function viewingRoutes(
  app: App,
  parts: {
    readonly viewing: Viewing;
    readonly authenticate: Authenticate;
    readonly rooms: Rooms;
    readonly limits: RouteLimits;
    readonly https: boolean;
  },
): void {
  const { viewing, authenticate, rooms, limits, https } = parts;
  app.post(
    "/api/v1/viewer",
    {
      config: { rateLimit: limits.write },
      schema: {
        summary: "Get the pass this browser watches with",
        description:
          "A signed cookie: the device, and the account signed in on it. Asked again after signing in or out.",
        tags,
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      const known = viewing.passes.fromCookies(request.headers.cookie);
      const signedIn = await authenticate.optional(request);
      const device = known?.device ?? newDevice();
      if (!known) await viewing.arrived(device, request.ip);
      reply.setCookie(VIEWER_COOKIE, viewing.passes.sign({ device, userId: signedIn?.user.id ?? "" }), {
        path: "/",
        httpOnly: true,
        sameSite: "lax",
        secure: https,
        maxAge: PASS_LIFE_MS / 1_000,
        encode: (value) => value,
      });
      return reply.code(204).send(null);
    },
  );
  app.get(
    "/api/v1/rooms/:slug/viewing",
    {
      schema: {
        summary: "Whether I may watch a room",
        tags,
        params: Type.Object({ slug: slugSchema }),
        response: answers({ 200: viewingSchema }),
      },
    },
    async (request, reply) => {
      const room = await rooms.bySlug(request.params.slug);
      if (!room) throw new ProblemError("room-not-found");
      reply.header("cache-control", "no-store");
      const pass = viewing.passes.fromCookies(request.headers.cookie);
      return { removedUntilMs: viewing.untilFor(room.slug, pass, request.ip) ?? null };
    },
  );
}
