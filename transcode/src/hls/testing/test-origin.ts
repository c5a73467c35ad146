/** An origin on a real HTTP server with one program, for tests. */
import { createServer, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { createMetrics, type Metrics } from "@lianmai/process";
import { expect } from "vitest";
import { mediaPlaylistPath } from "../../contract.ts";
import { createOrigin, type Origin } from "../origin.ts";
import type { OriginProgram } from "../origin-program.ts";
import { configure, emptyMaterial, feed, TestClock, testProgram } from "./material.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

export interface TestOrigin {
  readonly clock: TestClock;
  readonly program: OriginProgram;
  readonly origin: Origin;
  readonly metrics: Metrics;
  readonly port: number;
  /** Feeds pictures [from, to) and their sound, moving the clock. */
  play(from: number, to: number): void;
  ask(path: string, options?: AskOptions): Promise<Answer>;
  text(path: string): Promise<string>;
  /** Asks, and returns when that many requests are parked. */
  park(path: string, waiting?: number): Promise<{ readonly answer: Promise<Answer> }>;
  close(): void;
}

export const MATERIAL = emptyMaterial({ frames: 60, fps: 30, gopFrames: 30 });
/** Media playlist of the program's first rendition. */
export const PLAYLIST = mediaPlaylistPath({ room: "test-room", programId: "prog1" }, "360p");

/** The code of a problem document. */
export const codeOf = ({ body }: Answer): string => JSON.parse(body.toString()).code;

export async function startTestOrigin(options: { readonly maxWaiting?: number } = {}): Promise<TestOrigin> {
  const clock = new TestClock();
  const metrics = createMetrics("test");
  const origin = createOrigin({ clock, metrics, ...options });
  const program = testProgram(clock);
  configure(program, MATERIAL);
  origin.add(program);
  const server = createServer((request, response) => {
    if (!origin.handle(request, response)) response.writeHead(418).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const ask = (path: string, asked: AskOptions = {}): Promise<Answer> => askServer(port, path, asked);
  return {
    clock,
    program,
    origin,
    metrics,
    port,
    play: (from, to) => feed(program, MATERIAL, { from, to, clock }),
    ask,
    text: async (path) => (await ask(path)).body.toString(),
    async park(path, waiting = 1) {
      const answer = ask(path);
      await expect.poll(() => origin.waiting()).toBe(waiting);
      return { answer };
    },
    close() {
      origin.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

function askServer(port: number, path: string, options: AskOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, path, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    request.on("error", reject);
    request.end();
  });
}
