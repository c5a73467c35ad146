import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Command, type Outcome, refused } from "./commands.ts";
import type { LeaseHolder } from "./lease.ts";

/** How long the holder may take to answer a forwarded batch. */
const FORWARD_BUDGET_MS = 10_000;
/** A batch of forwarded commands in bytes. */
const MAX_BODY_BYTES = 4 * 1_024 * 1_024;
/** Commands in one forwarded batch. */
const MAX_FORWARDED = 500;
/** Commands that may wait for the batch before theirs. */
const MAX_WAITING = 2_000;

/** The loopback address under which this process takes commands of others. */
export interface ForwardServer {
  readonly address: string;
  stop(): Promise<void>;
}

/** Takes batches of commands, as JSON, from processes that know the token of the lease. */
export async function startForwardServer(options: {
  readonly token: string;
  readonly submit: (command: Command) => Promise<Outcome>;
}): Promise<ForwardServer> {
  const { token, submit } = options;
  const expected = Buffer.from(`Bearer ${token}`);
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const given = Buffer.from(request.headers.authorization ?? "");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return response.writeHead(401).end();
    const commands = JSON.parse(await readBody(request)) as Command[];
    const outcomes = await Promise.all(commands.map(submit));
    return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(outcomes));
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.writeHead(400).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Hands commands to the holder of the lease. */
export interface Forwarder {
  submit(command: Command): Promise<Outcome>;
}

/** Makes a {@link Forwarder}: one batch under way, the rest wait for the next; at most {@link MAX_WAITING}. */
export function createForwarder(holder: () => LeaseHolder | undefined): Forwarder {
  let waiting: { readonly command: Command; readonly answer: (outcome: Outcome) => void }[] = [];
  let isSending = false;
  const sendAll = async () => {
    isSending = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_FORWARDED);
      waiting = waiting.slice(MAX_FORWARDED);
      const outcomes = await post(
        holder(),
        batch.map(({ command }) => command),
      ).catch(() => []);
      for (const [at, { answer }] of batch.entries()) answer(outcomes[at] ?? refused("ledger-away"));
    }
    isSending = false;
  };
  return {
    submit(command) {
      if (waiting.length >= MAX_WAITING) return Promise.resolve(refused("ledger-busy"));
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      waiting.push({ command, answer: resolve });
      if (!isSending) void sendAll();
      return promise;
    },
  };
}

async function post(holder: LeaseHolder | undefined, commands: readonly Command[]): Promise<readonly Outcome[]> {
  if (!holder) return [];
  const response = await fetch(`${holder.address}/commands`, {
    method: "POST",
    headers: { authorization: `Bearer ${holder.token}`, "content-type": "application/json" },
    body: JSON.stringify(commands),
    signal: AbortSignal.timeout(FORWARD_BUDGET_MS),
  });
  return response.ok ? ((await response.json()) as readonly Outcome[]) : [];
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error("the batch is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
