/** What host and moderators decide: the part of the reducer that they command. Pure. */
import {
  type DirectorCommand,
  MAX_PARTICIPANTS,
  type Place,
  type Stage,
  type StageActor,
  type StageParticipant,
  type StageRefusal,
} from "../stage-contract.ts";
import { newParticipant, withoutParticipant } from "./new-stage.ts";
import type { StageOutcome } from "./reduce.ts";

type Change = { readonly stage: Stage; readonly participantId: string } | { readonly refused: StageRefusal };

/** Applies a director's command; the caller has checked that it is one. */
export function direct(stage: Stage, actor: StageActor, command: DirectorCommand, nowMs: number): StageOutcome {
  if (actor.role === "moderator" && isHost(stage, command)) return { kind: "refused", code: "outranked" };
  const result = apply(stage, command, nowMs);
  if ("refused" in result) return { kind: "refused", code: result.refused };
  const change = { what: command.kind, actorId: actor.userId, participantId: result.participantId };
  return { kind: "done", stage: result.stage, change };
}

const isHost = (stage: Stage, command: DirectorCommand): boolean =>
  "participantId" in command &&
  stage.participants.some(({ participantId, role }) => participantId === command.participantId && role === "host");

function apply(stage: Stage, command: DirectorCommand, nowMs: number): Change {
  switch (command.kind) {
    case "invite":
      return invite(stage, command, nowMs);
    case "allow":
      return {
        stage: { ...stage, removed: stage.removed.filter(({ userId }) => userId !== command.userId) },
        participantId: command.userId,
      };
    case "lock-seat":
      return { stage: lockSeat(stage, command.seat, command.locked), participantId: "" };
    case "capacity":
      return { stage: setCapacity(stage, command.capacity, nowMs), participantId: "" };
    default:
      return applyTo(stage, command, nowMs);
  }
}

type OnOne = Extract<DirectorCommand, { readonly participantId: string }>;

function applyTo(stage: Stage, command: OnOne, nowMs: number): Change {
  const one = stage.participants.find(({ participantId }) => participantId === command.participantId);
  if (!one) return { refused: "unknown-participant" };
  const set = (changes: Partial<StageParticipant>): Change => ({
    stage: replace(stage, { ...one, ...changes }),
    participantId: one.participantId,
  });
  switch (command.kind) {
    case "mute":
      return set({ muted: command.muted });
    case "hide":
      return set({ hidden: command.hidden });
    case "gain":
      return set({ gain: command.gain });
    case "to-backstage":
      if (one.role === "host" || one.place.at === "invited") return { refused: "wrong-place" };
      return set({ place: { at: "backstage" }, sinceMs: nowMs });
    case "to-seat":
      return toSeat(stage, one, command.seat, nowMs);
    case "remove":
      return remove(stage, one, command.ban);
  }
}

function toSeat(stage: Stage, one: StageParticipant, wanted: number | undefined, nowMs: number): Change {
  if (one.role === "host" || one.place.at === "invited") return { refused: "wrong-place" };
  const seat = wanted ?? freeSeat(stage);
  if (seat === undefined) return { refused: "no-free-seat" };
  if (seat > stage.capacity) return { refused: "seat-unknown" };
  const sitting = stage.participants.find(({ place }) => place.at === "seated" && place.seat === seat);
  if (sitting?.participantId === one.participantId) return { stage, participantId: one.participantId };
  if (stage.locked.includes(seat)) return { refused: "seat-locked" };
  if (sitting && one.place.at !== "seated") return { refused: "no-free-seat" };
  // Two that are seated change places.
  const moved = sitting ? replace(stage, { ...sitting, place: one.place, sinceMs: nowMs }) : stage;
  const place: Place = { at: "seated", seat };
  return { stage: replace(moved, { ...one, place, sinceMs: nowMs }), participantId: one.participantId };
}

function freeSeat(stage: Stage): number | undefined {
  const taken = new Set(stage.participants.flatMap(({ place }) => (place.at === "seated" ? [place.seat] : [])));
  for (let seat = 1; seat <= stage.capacity; seat += 1) {
    if (!taken.has(seat) && !stage.locked.includes(seat)) return seat;
  }
  return undefined;
}

function invite(stage: Stage, command: Extract<DirectorCommand, { kind: "invite" }>, nowMs: number): Change {
  const { userId, name, seat } = command;
  if (stage.removed.some((removed) => removed.userId === userId)) return { refused: "removed" };
  const known = stage.participants.find((participant) => participant.userId === userId);
  if (known && known.place.at !== "asking") return { refused: "wrong-place" };
  if (!known && stage.participants.length >= MAX_PARTICIPANTS) return { refused: "stage-full" };
  const place: Place = { at: "invited", ...(seat !== undefined && { seat }) };
  // Not connected: kept until they answer.
  const invited = known ?? newParticipant(stage, { participantId: userId, userId, name, role: "guest", place }, nowMs);
  const others = stage.participants.filter((participant) => participant.userId !== userId);
  return {
    stage: { ...stage, participants: [...others, { ...invited, place, sinceMs: nowMs }] },
    participantId: userId,
  };
}

function remove(stage: Stage, one: StageParticipant, ban: boolean): Change {
  if (one.role === "host") return { refused: "wrong-place" };
  const { userId, name } = one;
  return {
    stage: {
      ...withoutParticipant(stage, one),
      removed: ban
        ? [...stage.removed.filter((removed) => removed.userId !== userId), { userId, name }].slice(-256)
        : stage.removed,
    },
    participantId: one.participantId,
  };
}

function lockSeat(stage: Stage, seat: number, locked: boolean): Stage {
  const others = stage.locked.filter((other) => other !== seat);
  return { ...stage, locked: locked ? [...others, seat].sort((a, b) => a - b) : others };
}

function setCapacity(stage: Stage, capacity: number, nowMs: number): Stage {
  const participants = stage.participants.map((one) =>
    one.place.at === "seated" && one.place.seat > capacity
      ? { ...one, place: { at: "backstage" } as const, sinceMs: nowMs }
      : one,
  );
  return { ...stage, capacity, participants };
}

const replace = (stage: Stage, participant: StageParticipant): Stage => ({
  ...stage,
  participants: stage.participants.map((other) =>
    other.participantId === participant.participantId ? participant : other,
  ),
});
