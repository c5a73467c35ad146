import type { ClientFrameOf } from "../../protocol/room/frames.ts";
import type { Published, Speaker } from "../room-log.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import type { Member } from "./member.ts";
import { draftFrom } from "./parse-frame.ts";

/** Checks a publication's form and gives it to the log. */
export async function publish(
  parts: Pick<GatewayParts, "log" | "archive" | "facts">,
  member: Member,
  frame: ClientFrameOf<"pub">,
): Promise<Published> {
  const checked = draftFrom(frame);
  if ("code" in checked) return { ok: false, code: checked.code };
  const { roomId, speaker } = member.access;
  const now = await factsNow(parts, roomId, speaker.id);
  return parts.log.publish(roomId, { ...speaker, ...now }, checked.draft);
}

/** What modes ask of a person, as it is now: who follows or becomes a member need not come in again. */
async function factsNow(
  { log, archive, facts }: Pick<GatewayParts, "log" | "archive" | "facts">,
  roomId: string,
  userId: string,
): Promise<Partial<Pick<Speaker, "isMember" | "followsSinceMs" | "isKnown">>> {
  const { shield, membersOnly, followersMs } = (await log.state(roomId)).modes;
  if (!shield && !membersOnly && followersMs === null) return { isKnown: true };
  const known = await facts(roomId, userId);
  if (!shield || known.isKnown) return known;
  const end = { gen: Number.MAX_SAFE_INTEGER, seq: 0 };
  const said = await archive.before(roomId, end, { limit: 1, selection: { userId } });
  return { ...known, isKnown: said.length > 0 };
}
