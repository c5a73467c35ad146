/** The only importer of @fastify/static. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { sendProblem } from "../http/problems.ts";
import { earlyLinks, readEarly } from "./early-links.ts";

/** Paths that never fall back to the application's page. */
const NOT_PAGES = ["/api", "/live", "/ws", "/assets", "/metrics"];
/** Files whose name holds a hash of their content; the player's build puts them here. */
const HASHED = /[/\\]assets[/\\]/;

/**
 * Serves the player's build: hashed files for ever, everything else to be checked each time, and its page for every
 * path a browser may have been sent to. Without a build these answer 503 `pages-missing`.
 */
export async function registerPages(app: FastifyInstance, options: { readonly directory: string }): Promise<void> {
  const { directory } = options;
  const early = readEarly(directory);
  await app.register(fastifyStatic, {
    root: directory,
    suppressWarning: true,
    preCompressed: true,
    cacheControl: false,
    index: false,
    setHeaders: (reply, path) =>
      void reply.header("cache-control", HASHED.test(path) ? "public, max-age=31536000, immutable" : "no-cache"),
  });
  app.setNotFoundHandler((request, reply) => {
    if (!wantsPage(request)) return sendProblem(reply, "not-found");
    if (!existsSync(join(directory, "index.html"))) return pagesMissing(request, reply);
    const links = earlyLinks(pathOf(request), early);
    if (links) reply.header("link", links);
    return reply.sendFile("index.html");
  });
  app.get("/", { schema: { hide: true } }, (_request, reply) => reply.callNotFound());
}

const pathOf = (request: FastifyRequest): string => request.url.split("?", 1)[0] ?? "";

function wantsPage(request: FastifyRequest): boolean {
  const path = pathOf(request);
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  if (NOT_PAGES.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))) return false;
  return path === "/" || (request.headers.accept ?? "").includes("text/html");
}

function pagesMissing(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(request.headers.accept ?? "").includes("text/html")) return sendProblem(reply, "pages-missing");
  return reply
    .code(503)
    .header("cache-control", "no-store")
    .type("text/html; charset=utf-8")
    .send("<!doctype html><title>Lianmai</title><p>The pages have not been built yet: run <code>npm start</code>.</p>");
}
