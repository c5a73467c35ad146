/** What keeps somebody from writing now, and until when. Pure. */
import { isAtLeast, type RoomModes, type You } from "@lianmai/edge/protocol/room";
import type { Removed } from "./open-room.svelte.ts";

/** Why one cannot write; `write` when nothing is in the way. */
export type WriteState =
  | { readonly at: "unknown" }
  | { readonly at: "removed"; readonly untilMs: number | undefined }
  | { readonly at: "muted"; readonly untilMs: number }
  | { readonly at: "guests-read" }
  | { readonly at: "guests-none" }
  | { readonly at: "nickname" }
  | { readonly at: "closed" }
  | { readonly at: "no-room" }
  | { readonly at: "write"; readonly slowUntilMs: number; readonly emotesOnly: boolean; readonly media: boolean };

/** What the decision depends on. */
export interface WriteFacts {
  readonly you: You | undefined;
  readonly modes: RoomModes;
  readonly removed: Removed | undefined;
  readonly fault: string | undefined;
  /** A guest without a name of its own. */
  readonly isNameless: boolean;
  /** When the last own message was placed, and now: the same clock. */
  readonly saidAtMs: number;
  readonly nowMs: number;
}

/** Decides what the composer shows. */
export function writeState(facts: WriteFacts): WriteState {
  return outside(facts) ?? silenced(facts) ?? free(facts);
}

/** Not in the room. */
function outside({ you, removed, fault }: WriteFacts): WriteState | undefined {
  if (removed) return { at: "removed", untilMs: removed.untilMs };
  if (fault === "banned") return { at: "removed", untilMs: undefined };
  if (fault === "no-guests") return { at: "guests-none" };
  if (fault === "no-room") return { at: "no-room" };
  return you ? undefined : { at: "unknown" };
}

/** In the room, and may not talk. */
function silenced({ you, modes, isNameless, nowMs }: WriteFacts): WriteState | undefined {
  if (!you) return undefined;
  const mutedUntilMs = you.mutedUntilMs ?? 0;
  if (mutedUntilMs > nowMs && you.role !== "admin") return { at: "muted", untilMs: mutedUntilMs };
  if (isAtLeast(you.role, "moderator")) return undefined;
  if (you.role === "guest" && modes.guests !== "talk") return { at: "guests-read" };
  if (modes.closed) return { at: "closed" };
  return you.role === "guest" && isNameless ? { at: "nickname" } : undefined;
}

function free({ you, modes, saidAtMs }: WriteFacts): WriteState {
  if (!you || isAtLeast(you.role, "moderator")) return { at: "write", slowUntilMs: 0, emotesOnly: false, media: true };
  const slowUntilMs = modes.slowMs > 0 ? saidAtMs + modes.slowMs : 0;
  return { at: "write", slowUntilMs, emotesOnly: modes.emoteOnly, media: modes.media && you.role !== "guest" };
}
