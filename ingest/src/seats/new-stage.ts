import type { OwnMedia, Stage, StageParticipant } from "../stage-contract.ts";

/** Guests' seats of a room whose host has not said. */
const DEFAULT_CAPACITY = 8;
export const ALL_OFF: OwnMedia = { microphone: false, camera: false, screen: false };

/** The stage of a room nobody has been on. */
export const newStage = (room: string): Stage => ({
  room,
  version: 0,
  updatedAtMs: 0,
  capacity: DEFAULT_CAPACITY,
  locked: [],
  participants: [],
  removed: [],
});

/** Somebody who comes onto the document. */
export const newParticipant = (
  who: Pick<StageParticipant, "participantId" | "userId" | "name" | "role" | "place">,
  nowMs: number,
): StageParticipant => ({
  ...who,
  sinceMs: nowMs,
  connection: "connected",
  keepUntilMs: 0,
  own: ALL_OFF,
  muted: false,
  hidden: false,
  gain: 1,
  sources: [],
});
