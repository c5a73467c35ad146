import type { IncomingMessage, ServerResponse } from "node:http";
import type { Metrics } from "./metrics.ts";

/** What `/readyz` answers: ready, or the reasons why not. */
export type Readiness = () => { readonly ready: boolean; readonly reasons: readonly string[] };

/** Answers `/healthz`, `/readyz` and `/metrics`; returns false for any other path. */
export type OpsServer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Makes the three operator routes of a process for a plain `node:http` server. */
export function startOpsRoutes(options: { readonly metrics: Metrics; readonly readiness: Readiness }): OpsServer {
  const { metrics, readiness } = options;
  return (request, response) => {
    const path = request.url?.split("?", 1)[0];
    if (path === "/healthz") {
      response.writeHead(200, { "content-type": "text/plain" }).end("ok\n");
      return true;
    }
    if (path === "/readyz") {
      const { ready, reasons } = readiness();
      response
        .writeHead(ready ? 200 : 503, { "content-type": "application/json" })
        .end(`${JSON.stringify({ ready, reasons })}\n`);
      return true;
    }
    if (path === "/metrics") {
      metrics.registry.metrics().then(
        (text) => response.writeHead(200, { "content-type": metrics.registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
      return true;
    }
    return false;
  };
}
