import type { ClientFrameOf } from "../../protocol/room/frames.ts";
import type { Published } from "../room-log.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import type { Member } from "./member.ts";
import { draftFrom } from "./parse-frame.ts";

/** Checks a publication's form and gives it to the log. */
export async function publish(
  parts: Pick<GatewayParts, "log" | "archive">,
  member: Member,
  frame: ClientFrameOf<"pub">,
): Promise<Published> {
  const checked = draftFrom(frame);
  if ("code" in checked) return { ok: false, code: checked.code };
  const { roomId, speaker } = member.access;
  const isKnown = await wasSeenBefore(parts, roomId, speaker.id);
  return parts.log.publish(roomId, { ...speaker, isKnown }, checked.draft);
}

/** Asked under the raid shield only. */
async function wasSeenBefore(
  parts: Pick<GatewayParts, "log" | "archive">,
  roomId: string,
  userId: string,
): Promise<boolean> {
  if (!(await parts.log.state(roomId)).modes.shield) return true;
  const end = { gen: Number.MAX_SAFE_INTEGER, seq: 0 };
  return (await parts.archive.before(roomId, end, { limit: 1, selection: { userId } })).length > 0;
}
