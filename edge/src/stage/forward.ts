import { request as httpRequest, type IncomingMessage } from "node:http";
import type { StageNode } from "@lianmai/ingest/stage";
import type { FastifyReply } from "fastify";
import { ProblemError } from "../errors.ts";

/** From the request to the whole answer. */
const ANSWER_BUDGET_MS = 10_000;
const MAX_ANSWER_BYTES = 512 * 1_024;

const PASSED_BACK = ["content-type", "location", "etag", "link", "accept-patch", "accept-post", "allow", "retry-after"];

/**
 * Whether a node does not know its token: the process that the record is of is gone, and the one that listens in its
 * place has yet to write its own. Not the client's matter, who would take a refusal for its own.
 */
export const isOfBefore = ({ statusCode }: IncomingMessage): boolean => statusCode === 421;

/** A node's whole answer. */
export interface StageAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** Sends a request on to a stage node. Problems are `stage-away`. */
export async function forwardToStage(
  node: StageNode,
  request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string | undefined>>;
    readonly body: string;
  },
): Promise<StageAnswer> {
  const given = Object.entries(request.headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const outgoing = httpRequest(new URL(request.path, node.url), {
    method: request.method,
    headers: {
      ...Object.fromEntries(given),
      "x-lianmai-node-token": node.token,
      "content-length": Buffer.byteLength(request.body),
    },
    signal: AbortSignal.timeout(ANSWER_BUDGET_MS),
  });
  try {
    const answered = Promise.withResolvers<IncomingMessage>();
    outgoing.on("response", answered.resolve);
    outgoing.on("error", answered.reject);
    outgoing.end(request.body);
    const response = await answered.promise;
    if (isOfBefore(response)) throw new Error("the node's record is old");
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) throw new Error("answer too large");
      chunks.push(chunk);
    }
    return { status: response.statusCode ?? 502, headers: response.headers, body: Buffer.concat(chunks) };
  } catch (error) {
    outgoing.destroy();
    throw new ProblemError("stage-away", { retryAfterMs: 2_000, cause: error });
  }
}

/** Gives a node's answer to the client. */
export function passBack(reply: FastifyReply, answer: StageAnswer): FastifyReply {
  for (const name of PASSED_BACK) {
    const value = answer.headers[name];
    if (value !== undefined) reply.header(name, value);
  }
  return reply.code(answer.status).header("cache-control", "no-store").send(answer.body);
}
