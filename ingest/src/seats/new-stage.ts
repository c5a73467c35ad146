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

/** Somebody who comes onto the document: muted and hidden as they left it. */
export function newParticipant(
  stage: Stage,
  who: Pick<StageParticipant, "participantId" | "userId" | "name" | "role" | "place">,
  nowMs: number,
): StageParticipant {
  const before = stage.restrained?.find(({ userId }) => userId === who.userId);
  return {
    ...who,
    sinceMs: nowMs,
    connection: "connected",
    keepUntilMs: 0,
    own: ALL_OFF,
    muted: before?.muted ?? false,
    hidden: before?.hidden ?? false,
    gain: 1,
    sources: [],
  };
}

/** Remembered at once; the oldest are forgotten first. */
const MAX_RESTRAINED = 256;

/** The stage after somebody has gone; that they were muted or hidden is kept for when they come again. */
export function withoutParticipant(stage: Stage, gone: StageParticipant): Stage {
  const { userId, muted, hidden } = gone;
  const others = (stage.restrained ?? []).filter((one) => one.userId !== userId);
  const restrained = muted || hidden ? [...others, { userId, muted, hidden }].slice(-MAX_RESTRAINED) : others;
  return {
    ...stage,
    participants: stage.participants.filter(({ participantId }) => participantId !== gone.participantId),
    restrained,
  };
}
