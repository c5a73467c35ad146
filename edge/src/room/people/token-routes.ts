import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { isFitName, tidyName } from "../../accounts/users.ts";
import { ProblemError } from "../../errors.ts";
import { answers } from "../../http/answers.ts";
import type { Authenticate } from "../../http/authenticate.ts";
import type { App } from "../../http/create-app.ts";
import type { RouteLimits } from "../../http/rate-limits.ts";
import { roomTokenRequestSchema, roomTokenSchema } from "../../protocol/room/api.ts";
import type { Tenants } from "./tenants.ts";
import type { Holder, Tokens } from "./tokens.ts";
import type { Versions } from "./versions.ts";

/** A guest's id: the same for the same device secret, and nothing of the secret. */
export const guestId = (device: string): string =>
  `g-${createHash("sha256").update(`guest ${device}`).digest("base64url").slice(0, 22)}`;

/** Gives room tokens: to accounts by their session, to guests by their device, to tenants' people by a signed token. */
export function tokenRoutes(
  app: App,
  parts: {
    readonly tokens: Tokens;
    readonly tenants: Tenants;
    readonly versions: Versions;
    readonly authenticate: Authenticate;
    readonly limits: RouteLimits;
    /** Whether the words of a guest's name may be said here. */
    readonly isFitName: (name: string) => boolean;
    readonly onToken?: (request: FastifyRequest, userId: string) => Promise<void>;
  },
): void {
  const { tokens, tenants, versions, authenticate, limits, isFitName: maySay, onToken } = parts;
  const issue = async (request: FastifyRequest, holder: Omit<Holder, "untilMs" | "version">) => {
    await onToken?.(request, holder.userId);
    const { token, untilMs } = await tokens.issue({ ...holder, version: versions.of(holder.userId) });
    const { userId: id, name, role } = holder;
    return { token, untilMs, user: { id, name, role } };
  };
  app.post(
    "/api/v1/room/token",
    {
      config: { rateLimit: limits.write },
      schema: {
        summary: "Get a token for rooms",
        description:
          "`assertion` (a token signed by a tenant) counts first, then the session, then `device` with `nickname`: a guest. " +
          "Lives 15 minutes; bring a new one in a `refresh` frame.",
        tags: ["room"],
        body: roomTokenRequestSchema,
        response: answers({ 200: roomTokenSchema }),
      },
    },
    async (request, reply) => {
      reply.header("cache-control", "no-store");
      const { assertion, device, nickname } = request.body;
      if (assertion !== undefined) {
        const holder = await tenants.holderOf(assertion);
        if (!holder) throw new ProblemError("bad-assertion");
        return issue(request, holder);
      }
      const signedIn = await authenticate.optional(request);
      if (signedIn) {
        const { id, name, role } = signedIn.user;
        return issue(request, { userId: id, name, role: role === "admin" ? "admin" : "viewer" });
      }
      if (device === undefined) throw new ProblemError("not-signed-in");
      return issue(request, { userId: guestId(device), name: guestName(nickname, device, maySay), role: "guest" });
    },
  );
}

function guestName(nickname: string | undefined, device: string, maySay: (name: string) => boolean): string {
  if (nickname === undefined) return `guest ${guestId(device).slice(2, 6)}`;
  const name = tidyName(nickname);
  if (isFitName(name) && !maySay(name)) throw new ProblemError("text-blocked");
  if (isFitName(name)) return name;
  throw new ProblemError("invalid-request", {
    fields: [
      { path: "/nickname", message: "must be letters, digits, spaces and ._- and start with a letter or digit" },
    ],
  });
}
