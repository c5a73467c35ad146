import type { Metrics } from "@lianmai/process";
import type { FastifyRequest } from "fastify";
import { ProblemError } from "../errors.ts";
import type { Authenticate } from "./authenticate.ts";
import type { App } from "./create-app.ts";

/** `/metrics` for whoever asks on this machine directly, and for admins by their token. */
export function metricsRoute(
  app: App,
  options: { readonly metrics: Metrics; readonly authenticate: Authenticate },
): void {
  const { metrics, authenticate } = options;
  app.get("/metrics", { schema: { hide: true } }, async (request, reply) => {
    if (!isLocal(request)) {
      const { user } = await authenticate.required(request);
      if (user.role !== "admin") throw new ProblemError("not-allowed");
    }
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
}

/** A loopback connection that no proxy has made for somebody else. */
function isLocal({ raw }: FastifyRequest): boolean {
  const address = raw.socket.remoteAddress ?? "";
  const isLoopback = address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
  const { headers } = raw;
  return isLoopback && headers["x-forwarded-for"] === undefined && headers.forwarded === undefined;
}
