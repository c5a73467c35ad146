import { answers } from "../../http/answers.ts";
import { raidOptionsSchema } from "../../protocol/moderation.ts";
import type { Acts } from "../acts/acts.ts";
import type { RaidOptions } from "../store/raid-options.ts";
import { moderated, type RouteParts, roomParams } from "./access.ts";

/** Routes of what a room does when it looks raided. */
export function raidRoutes(
  { app, access, limits }: RouteParts,
  parts: { readonly raidOptions: RaidOptions; readonly acts: Acts },
): void {
  const { raidOptions, acts } = parts;
  const path = "/api/v1/rooms/:slug/moderation/raid";
  const schema = { ...moderated, params: roomParams, response: answers({ 200: raidOptionsSchema }) };
  app.get(path, { schema: { ...schema, summary: "What the room does under a raid" } }, async (request) => {
    const { room } = await access(request, request.params.slug, "moderator");
    return { answer: raidOptions.answer(room.id) };
  });
  app.put(
    path,
    {
      config: { rateLimit: limits.write },
      schema: { ...schema, summary: "Choose what the room does under a raid", body: raidOptionsSchema },
    },
    async (request) => {
      const { room, by } = await access(request, request.params.slug, "host");
      const { answer } = request.body;
      const detail = { before: raidOptions.answer(room.id), after: answer };
      const subject = { id: "", name: "" };
      await acts.recorded(
        { actor: by, act: "raid-answer", roomId: room.id, subject, reason: "", note: "", detail },
        async () => raidOptions.choose(room.id, answer),
      );
      return { answer };
    },
  );
}
