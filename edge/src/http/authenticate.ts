import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Sessions, SignedIn } from "../accounts/sessions.ts";
import { SESSION_LIFE_MS } from "../accounts/sessions.ts";
import { ProblemError } from "../errors.ts";

/** Name of the browser's session cookie. */
export const SESSION_COOKIE = "lianmai_session";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
const TOKEN = /^[A-Za-z0-9_-]{20,100}$/;

/** Finds out who asks. */
export interface Authenticate {
  /** The signed-in user or a `not-signed-in` or `cross-site` problem. */
  required(request: FastifyRequest): Promise<SignedIn>;
  /** The signed-in user, undefined for anybody else. */
  optional(request: FastifyRequest): Promise<SignedIn | undefined>;
  /** Gives the browser its session as a cookie that scripts cannot read. */
  setCookie(reply: FastifyReply, token: string): void;
  clearCookie(reply: FastifyReply): void;
}

/**
 * Reads `Authorization: Bearer` first, then the cookie. With the cookie, anything that changes state must come from
 * our own pages: a browser adds the cookie to other sites' requests as well.
 */
export function createAuthenticate(
  app: FastifyInstance,
  options: { readonly sessions: Sessions; readonly publicUrl: string },
): Authenticate {
  const { sessions, publicUrl } = options;
  app.decorateRequest("signedIn");
  const publicOrigin = publicUrl === "" ? "" : new URL(publicUrl).origin;
  const cookie = { path: "/", httpOnly: true, sameSite: "lax", secure: publicUrl.startsWith("https:") } as const;
  const optional = async (request: FastifyRequest): Promise<SignedIn | undefined> => {
    const known = request.getDecorator<SignedIn | undefined>("signedIn");
    if (known) return known;
    const bearer = bearerToken(request.headers.authorization);
    const token = bearer ?? request.cookies[SESSION_COOKIE];
    if (token === undefined || !TOKEN.test(token)) return undefined;
    const found = await sessions.find(token);
    if (!found) return undefined;
    if (bearer === undefined && !SAFE_METHODS.has(request.method) && !isSameSite(request, publicOrigin)) {
      throw new ProblemError("cross-site");
    }
    request.setDecorator("signedIn", found);
    return found;
  };
  return {
    optional,
    async required(request) {
      const signedIn = await optional(request);
      if (!signedIn) throw new ProblemError("not-signed-in");
      return signedIn;
    },
    setCookie: (reply, token) =>
      void reply.setCookie(SESSION_COOKIE, token, { ...cookie, maxAge: SESSION_LIFE_MS / 1_000 }),
    clearCookie: (reply) => void reply.clearCookie(SESSION_COOKIE, cookie),
  };
}

function bearerToken(header: string | undefined): string | undefined {
  const [scheme, token] = header?.split(" ", 3) ?? [];
  return scheme?.toLowerCase() === "bearer" ? (token ?? "") : undefined;
}

/** Whether a browser's unsafe request comes from our own pages: by fetch metadata, else by its Origin. */
export function isSameSite(
  request: { readonly headers: FastifyRequest["headers"]; readonly host: string },
  publicOrigin: string,
): boolean {
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  const { origin } = request.headers;
  if (origin === undefined || origin === "null") return false;
  if (origin === publicOrigin) return true;
  return URL.canParse(origin) && new URL(origin).host === request.host;
}
