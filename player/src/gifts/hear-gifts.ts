import type { Entry, RoomToken } from "@lianmai/edge/protocol/room";
import { request } from "../api/request.ts";
import { memoryOutbox } from "../connection/outbox-store.ts";
import { RoomConnection } from "../connection/room-connection.ts";
import type { GiftStage } from "./gift-stage.svelte.ts";

/** Gifts older than this when they are heard belong to the past: they come with the history at joining. */
const FRESH_MS = 30_000;

/** Follows a room's log for its gifts and paid messages, without an account too; answers how to stop. */
export function hearGifts(slug: string, stage: Pick<GiftStage, "hear">): () => void {
  const device = newDevice();
  const connection = new RoomConnection({
    base: location.origin,
    rooms: [slug],
    // a reader sends nothing, so there is nothing to keep
    store: memoryOutbox(),
    token: () => request<RoomToken>("POST", "/room/token", { body: { device } }),
    onEvent: (event) => {
      if (event.event === "log" && event.change.change === "add") hear(event.change.entry);
    },
  });
  const hear = (entry: Entry) => {
    if (entry.kind === "paid" || Date.now() - entry.atMs < FRESH_MS) stage.hear(entry);
  };
  return () => connection.close();
}

/** A secret for one visit: a reader need not be recognised. */
const newDevice = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
