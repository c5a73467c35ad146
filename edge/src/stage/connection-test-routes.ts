import { Type } from "typebox";
import type { Authenticate } from "../http/authenticate.ts";
import type { App } from "../http/create-app.ts";
import type { RouteLimits } from "../http/rate-limits.ts";
import { forwardToStage, passBack } from "./forward.ts";
import type { FindStageNode } from "./stage-nodes.ts";

const PATH = "/api/v1/connection-test";
const NODE_PATH = "/connection-test";
/** No room has this name: any node will do. */
const ANY_ROOM = "connection-test";
const MAX_BODY_BYTES = 256 * 1_024;
const offerSchema = Type.Object({ sdp: Type.String({ minLength: 1, maxLength: 100_000 }) });

/** A signed-in user's way to measure how the media port can be reached, before a show. */
export function connectionTestRoutes(
  app: App,
  parts: { readonly authenticate: Authenticate; readonly limits: RouteLimits; readonly findNode: FindStageNode },
): void {
  const { authenticate, limits, findNode } = parts;
  app.get(PATH, { schema: { hide: true } }, async (request, reply) => {
    await authenticate.required(request);
    const node = await findNode(ANY_ROOM);
    return passBack(reply, await forwardToStage(node, { method: "GET", path: NODE_PATH, headers: {}, body: "" }));
  });
  app.post(
    PATH,
    { bodyLimit: MAX_BODY_BYTES, config: { rateLimit: limits.write }, schema: { hide: true, body: offerSchema } },
    async (request, reply) => {
      await authenticate.required(request);
      const answer = await forwardToStage(await findNode(ANY_ROOM), {
        method: "POST",
        path: NODE_PATH,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(request.body),
      });
      return passBack(reply, answer);
    },
  );
}
