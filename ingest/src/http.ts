import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { OpsServer } from "@lianmai/process";
import type { SourceRoutes } from "./source/routes.ts";

/** The internal HTTP port, open. */
export interface InternalHttp {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves the source hand-over and the operator's routes. Rejects when the port cannot be had. */
export async function listenHttp(options: {
  readonly host: string;
  readonly port: number;
  readonly sources: SourceRoutes;
  readonly ops: OpsServer;
  /** Answers everything else; false for what it does not know. */
  readonly more?: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}): Promise<InternalHttp> {
  const { host, port, sources, ops, more, upgrade } = options;
  const server = createServer({ noDelay: true, headersTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
    if (sources(request, response) || ops(request, response) || more?.(request, response)) return;
    const body = JSON.stringify({
      type: "urn:lianmai:problem:not-found",
      title: "Not found",
      status: 404,
      code: "not-found",
    });
    response.writeHead(404, { "content-type": "application/problem+json" }).end(body);
  });
  if (upgrade) server.on("upgrade", upgrade);
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen({ host, port }, () => listening.resolve());
  await listening.promise;
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound ? bound.port : port,
    async close() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}
