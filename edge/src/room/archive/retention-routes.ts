import { Type } from "typebox";
import { answers, SIGNED_IN } from "../../http/answers.ts";
import type { App } from "../../http/create-app.ts";
import type { RouteLimits } from "../../http/rate-limits.ts";
import type { Recorded } from "../../moderation/audit/recorded.ts";
import { slugSchema } from "../../protocol/api.ts";
import type { HostAccess } from "../../rooms/access.ts";
import type { Retention } from "./retention.ts";

const MAX_DAYS = 3_650;
const retention = Type.Object({
  days: Type.Union([Type.Integer({ minimum: 1, maximum: MAX_DAYS }), Type.Null()], {
    description: "Days that entries are kept; null: as the installation keeps them",
  }),
});

/** How long a room's archive is kept: read and chosen by its host. */
export function retentionRoutes(
  app: App,
  parts: {
    readonly retention: Retention;
    readonly hostAccess: HostAccess;
    readonly recorded: Recorded;
    readonly limits: RouteLimits;
  },
): void {
  const { hostAccess, recorded, limits } = parts;
  const path = "/api/v1/rooms/:slug/entries/retention";
  const schema = {
    ...{ tags: ["room"], security: SIGNED_IN, params: Type.Object({ slug: slugSchema }) },
    response: answers({ 200: retention }),
  };
  app.get(path, { schema: { ...schema, summary: "How long my room's archive is kept" } }, async (request) => {
    const { room } = await hostAccess(request, request.params.slug);
    return { days: parts.retention.days(room.id) };
  });
  app.put(
    path,
    {
      config: { rateLimit: limits.write },
      schema: {
        ...schema,
        summary: "Choose how long my room's archive is kept",
        description: "What is older goes within an hour, and does not come back.",
        body: retention,
      },
    },
    async (request) => {
      const { room, by } = await hostAccess(request, request.params.slug);
      const { days } = request.body;
      const { id, name, role } = by.user;
      const fact = {
        actor: { id, name, role: role === "admin" ? "admin" : "host" },
        ...{ act: "retention", roomId: room.id, subject: { id: "", name: "" }, reason: "", note: "" },
        detail: { before: parts.retention.days(room.id), after: days },
      };
      await recorded(fact, async () => parts.retention.set(room.id, days));
      return { days };
    },
  );
}
