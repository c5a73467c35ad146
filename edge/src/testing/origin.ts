import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A plain HTTP server that speaks as an origin does; the test decides each answer. */
export interface TestOrigin {
  readonly url: string;
  /** Targets asked for, in order. */
  readonly asked: string[];
  /** Requests whose client went away before the answer. */
  readonly abandoned: string[];
  /** Answers requests from now on. */
  answer(handler: (request: IncomingMessage, response: ServerResponse) => void): void;
  stop(): Promise<void>;
}

/** Starts the server; until told otherwise it answers everything with a cacheable body. */
export async function startTestOrigin(): Promise<TestOrigin> {
  const asked: string[] = [];
  const abandoned: string[] = [];
  let handler = (request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(200, { "content-type": "video/mp4", "cache-control": "public, max-age=3600" });
    response.end(`body of ${request.url}`);
  };
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.once("close", () => {
      if (!response.writableEnded) abandoned.push(request.url ?? "");
    });
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    abandoned,
    answer: (next) => {
      handler = next;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
