import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { sendStageError } from "../rtc/errors.ts";

/** Carries {@link StageNode}'s token. */
export const NODE_TOKEN_HEADER = "x-lianmai-node-token";

export type Routes = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Whether a request comes from an edge of this service: it knows the token of the node's record. */
export function fromEdge(request: IncomingMessage, token: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(String(request.headers[NODE_TOKEN_HEADER] ?? "")), digest(token));
}

/** Routes only edges may ask: they say who the user is. */
export function guardNode(token: string, routes: readonly Routes[]): Routes {
  return (request, response) => {
    if (fromEdge(request, token)) return routes.some((route) => route(request, response));
    sendStageError(response, "node-token-wrong");
    return true;
  };
}
