import { compare } from "../log/positions.ts";
import { batchFrames } from "./batch-frames.ts";
import { LITE_ABOVE_BYTES, type Member } from "./member.ts";
import { outFrame } from "./out-frame.ts";
import type { RoomHub } from "./room-hub.ts";

/** Entries sent to a lagging member at once. */
const PAGE_ENTRIES = 256;
/** A member that has not drained for this long, or with this much unread, is closed; it resumes where it was. */
const GIVE_UP_MS = 15_000;
const GIVE_UP_BYTES = 1_024 * 1_024;

/** Brings members that lag back to the batches, losing nothing: what they missed is read from the log. */
export async function catchUp(hub: RoomHub, nowMs: number): Promise<void> {
  await Promise.all([...hub.lagging].map((member) => catchUpOne(hub, member, nowMs).catch(() => undefined)));
}

async function catchUpOne(hub: RoomHub, member: Member, nowMs: number): Promise<void> {
  const { outlet, cursor } = member;
  if (outlet.buffered > GIVE_UP_BYTES || nowMs - member.movedMs > GIVE_UP_MS) {
    outlet.close(4008);
    return;
  }
  if (outlet.buffered > LITE_ABOVE_BYTES / 4 || !cursor) return;
  const page = await hub.feed.after(cursor, PAGE_ENTRIES);
  // it may have left, or another round may have moved it, while the log was read
  if (!hub.lagging.has(member) || member.cursor !== cursor) return;
  const { slug, feed } = hub;
  for (const { frame } of batchFrames({ slug, at: cursor, news: page, top: feed.top, durable: feed.durable })) {
    outlet.send(frame);
  }
  member.cursor = page.to;
  member.movedMs = nowMs;
  if (compare(page.to, hub.sent) < 0) return;
  hub.lagging.delete(member);
  hub.live.add(member);
  member.cursor = undefined;
  outlet.send(outFrame({ t: "ctl", ctl: "lag", mode: "full" }));
}
