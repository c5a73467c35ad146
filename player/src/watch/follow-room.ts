/** What a watch page shows of a room, from what the API answered. Pure. */
import type { Live, Room } from "@lianmai/edge/protocol";

/** What the page is doing about the room. `room` is the newest answer. */
export type RoomPhase =
  | { readonly at: "loading" }
  | { readonly at: "not-found" }
  | { readonly at: "unreachable" }
  | { readonly at: "offline"; readonly room: Room }
  | { readonly at: "live"; readonly room: Room; readonly live: Live }
  | { readonly at: "interrupted"; readonly room: Room; readonly live: Live }
  | { readonly at: "ended"; readonly room: Room; readonly programId: string };

/** One answer of GET /rooms/:slug. */
export type RoomAnswer =
  | { readonly kind: "room"; readonly room: Room }
  | { readonly kind: "missing" }
  | { readonly kind: "failed" };

/** The phase after an answer. A failed request changes nothing once a room is known. */
export function followRoom(phase: RoomPhase, answer: RoomAnswer): RoomPhase {
  switch (answer.kind) {
    case "missing":
      return { at: "not-found" };
    case "failed":
      return phase.at === "loading" ? { at: "unreachable" } : phase;
    case "room":
      return withRoom(phase, answer.room);
  }
}

function withRoom(phase: RoomPhase, room: Room): RoomPhase {
  const { live } = room;
  if (live) return { at: live.at, room, live };
  if (phase.at === "live" || phase.at === "interrupted") return { at: "ended", room, programId: phase.live.programId };
  if (phase.at === "ended") return { at: "ended", room, programId: phase.programId };
  return { at: "offline", room };
}

/** What is on air, if anything. */
export function liveOf(phase: RoomPhase): Live | undefined {
  return phase.at === "live" || phase.at === "interrupted" ? phase.live : undefined;
}

/** The room, once known. */
export function roomOf(phase: RoomPhase): Room | undefined {
  return "room" in phase ? phase.room : undefined;
}

const LIVE_POLL_MS = 5_000;
const WAITING_POLL_MS = 2_000;
const LOST_POLL_MS = 1_200;

/** Until the next question; viewers of one room do not ask in step. `random` is 0 to 1. */
export function pollAfterMs(phase: RoomPhase, lost: boolean, random: number): number {
  const base = lost ? LOST_POLL_MS : phase.at === "live" ? LIVE_POLL_MS : WAITING_POLL_MS;
  return Math.round(base * (1 + random * 0.5));
}
