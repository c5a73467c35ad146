import type { FastifyInstance } from "fastify";
import { sendProblem } from "./problems.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/**
 * Answers 405 with `Allow` on paths that exist for other methods. Call it before any route is added and
 * `complete()` after the last one.
 */
export function refuseOtherMethods(app: FastifyInstance): { complete(): void } {
  const allowed = new Map<string, Set<string>>();
  let collecting = true;
  app.addHook("onRoute", ({ url, method }) => {
    if (!collecting || url.includes("*") || url.startsWith("/api/docs")) return;
    const methods = allowed.get(url) ?? new Set<string>();
    allowed.set(url, methods);
    for (const name of [method].flat()) methods.add(name);
  });
  return {
    complete() {
      collecting = false;
      for (const [url, methods] of allowed) {
        const others = METHODS.filter((method) => !methods.has(method));
        if (others.length === 0) continue;
        app.route({
          method: [...others],
          url,
          schema: { hide: true },
          handler: (_request, reply) =>
            sendProblem(reply.header("allow", [...methods].sort().join(", ")), "method-not-allowed"),
        });
      }
    },
  };
}
