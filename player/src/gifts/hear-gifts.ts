import type { Entry } from "@lianmai/edge/protocol/room";
import type { GiftStage } from "./gift-stage.svelte.ts";

/** Gifts older than this when they are heard belong to the past: they come with the history at joining. */
const FRESH_MS = 30_000;

/** Tells the stage of a room's gifts and paid messages; answers how to stop. */
export function hearGifts(
  room: { hear(listener: (entry: Entry) => void): () => void },
  stage: Pick<GiftStage, "hear">,
): () => void {
  return room.hear((entry) => {
    if (entry.kind === "paid" || Date.now() - entry.atMs < FRESH_MS) stage.hear(entry);
  });
}
