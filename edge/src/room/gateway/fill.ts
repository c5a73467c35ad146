import type { ClientFrameOf } from "../../protocol/room/frames.ts";
import type { RoomFeed } from "../log/room-feed.ts";
import { OutFrame } from "./out-frame.ts";
import { partsJson } from "./welcome.ts";

const FILL_ENTRIES = 256;

/** Answers what a client has missed, or the first part of it. */
export async function fill(feed: RoomFeed, { room, after, limit }: ClientFrameOf<"fill">): Promise<OutFrame> {
  const { entries, skips, cuts, more, to } = await feed.after(after, Math.min(limit ?? FILL_ENTRIES, FILL_ENTRIES));
  const head = { t: "filled", room, after, to, skips, cuts, more };
  return new OutFrame(`${JSON.stringify(head).slice(0, -1)},"parts":${partsJson(entries)}}`);
}
