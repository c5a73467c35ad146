/**
 * Everything that can happen to a stage: one pure function. It answers the document after an event, or why the event
 * is refused; the shell stores it by its version and tells it.
 */
import {
  type DirectorCommand,
  MAX_PARTICIPANTS,
  type OwnCommand,
  SEAT_KEEP_MS,
  type Stage,
  type StageActor,
  type StageChange,
  type StageParticipant,
  type StageRefusal,
  type StageSource,
} from "../stage-contract.ts";
import { direct } from "./direct.ts";
import { newParticipant, withoutParticipant } from "./new-stage.ts";

export type StageInput =
  | { readonly kind: "own"; readonly actor: StageActor; readonly command: OwnCommand }
  | { readonly kind: "direct"; readonly actor: StageActor; readonly command: DirectorCommand }
  /** The host has come: seat 0. */
  | { readonly kind: "host-joined"; readonly actor: StageActor }
  /** A participant's signalling or media are gone, or are back. */
  | { readonly kind: "away"; readonly participantId: string }
  | { readonly kind: "back"; readonly participantId: string }
  | { readonly kind: "sources"; readonly participantId: string; readonly sources: readonly StageSource[] }
  /** Time has passed: places kept too long are given up. */
  | { readonly kind: "sweep" };

export type StageOutcome =
  /** `change` is undefined when nothing has changed. */
  | { readonly kind: "done"; readonly stage: Stage; readonly change: StageChange | undefined }
  | { readonly kind: "refused"; readonly code: StageRefusal };

/** A user's participant id in every room: the user's own id. */
export const participantIdOf = (userId: string): string => userId;

const OWN_KINDS = new Set(["raise-hand", "lower-hand", "accept", "decline", "leave", "own-media"]);

/** A command as what happens to the stage: about oneself, or directing others. */
export const inputOf = (actor: StageActor, command: OwnCommand | DirectorCommand): StageInput =>
  OWN_KINDS.has(command.kind)
    ? { kind: "own", actor, command: command as OwnCommand }
    : { kind: "direct", actor, command: command as DirectorCommand };

export function reduce(stage: Stage, input: StageInput, nowMs: number): StageOutcome {
  const outcome = decide(stage, input, nowMs);
  if (outcome.kind === "refused" || !outcome.change) return outcome;
  return { ...outcome, stage: { ...outcome.stage, version: stage.version + 1, updatedAtMs: nowMs } };
}

function decide(stage: Stage, input: StageInput, nowMs: number): StageOutcome {
  switch (input.kind) {
    case "own":
      return own(stage, input.actor, input.command, nowMs);
    case "direct":
      return input.actor.role === "guest" ? refuse("not-director") : direct(stage, input.actor, input.command, nowMs);
    case "host-joined":
      return hostJoined(stage, input.actor, nowMs);
    case "away":
      return patch(stage, input.participantId, "away", ({ connection }) =>
        connection === "away" ? undefined : { connection: "away", keepUntilMs: nowMs + SEAT_KEEP_MS, sources: [] },
      );
    case "back":
      return patch(stage, input.participantId, "back", ({ connection }) =>
        connection === "connected" ? undefined : { connection: "connected", keepUntilMs: 0 },
      );
    case "sources":
      return patch(stage, input.participantId, "sources", () => ({ sources: [...input.sources] }));
    case "sweep":
      return sweep(stage, nowMs);
  }
}

function own(stage: Stage, actor: StageActor, command: OwnCommand, nowMs: number): StageOutcome {
  const participantId = participantIdOf(actor.userId);
  const change = { what: command.kind, actorId: actor.userId, participantId };
  const me = stage.participants.find((participant) => participant.participantId === participantId);
  if (command.kind === "raise-hand") return raiseHand(stage, actor, me, nowMs);
  if (!me) return refuse("unknown-participant");
  const to = (changes: Partial<StageParticipant>): StageOutcome => ({
    kind: "done",
    stage: withParticipant(stage, { ...me, ...changes }),
    change,
  });
  switch (command.kind) {
    case "lower-hand":
      return me.place.at === "asking"
        ? { kind: "done", stage: withoutParticipant(stage, me), change }
        : refuse("wrong-place");
    case "accept":
      // Seated by the director's word, but only once it has been seen and heard backstage.
      return me.place.at === "invited" ? to({ place: { at: "backstage" }, sinceMs: nowMs }) : refuse("not-invited");
    case "decline":
      return me.place.at === "invited"
        ? { kind: "done", stage: withoutParticipant(stage, me), change }
        : refuse("not-invited");
    case "leave":
      return { kind: "done", stage: withoutParticipant(stage, me), change };
    case "own-media":
      return to({ own: command.own });
  }
}

function raiseHand(stage: Stage, actor: StageActor, me: StageParticipant | undefined, nowMs: number): StageOutcome {
  const participantId = participantIdOf(actor.userId);
  if (stage.removed.some(({ userId }) => userId === actor.userId)) return refuse("removed");
  if (me) return { kind: "done", stage, change: undefined };
  if (stage.participants.length >= MAX_PARTICIPANTS) return refuse("stage-full");
  const { userId, name } = actor;
  const guest = newParticipant(stage, { participantId, userId, name, role: "guest", place: { at: "asking" } }, nowMs);
  return {
    kind: "done",
    stage: withParticipant(stage, guest),
    change: { what: "raise-hand", actorId: userId, participantId },
  };
}

function hostJoined(stage: Stage, actor: StageActor, nowMs: number): StageOutcome {
  const { userId, name } = actor;
  const participantId = participantIdOf(userId);
  const known = stage.participants.find((participant) => participant.participantId === participantId);
  if (known?.place.at === "seated" && known.connection === "connected") {
    return { kind: "done", stage, change: undefined };
  }
  const base =
    known ??
    newParticipant(stage, { participantId, userId, name, role: "host", place: { at: "seated", seat: 0 } }, nowMs);
  const host = {
    ...base,
    role: "host",
    place: { at: "seated", seat: 0 },
    connection: "connected",
    keepUntilMs: 0,
  } as const;
  return {
    kind: "done",
    stage: withParticipant(stage, host),
    change: { what: "joined", actorId: userId, participantId },
  };
}

/** One at a time, so that each is told; the shell calls again while something changes. */
function sweep(stage: Stage, nowMs: number): StageOutcome {
  const over = stage.participants.find(({ connection, keepUntilMs }) => connection === "away" && keepUntilMs <= nowMs);
  if (!over) return { kind: "done", stage, change: undefined };
  return {
    kind: "done",
    stage: withoutParticipant(stage, over),
    change: { what: "expired", actorId: "", participantId: over.participantId },
  };
}

function patch(
  stage: Stage,
  participantId: string,
  what: StageChange["what"],
  changes: (participant: StageParticipant) => Partial<StageParticipant> | undefined,
): StageOutcome {
  const participant = stage.participants.find((candidate) => candidate.participantId === participantId);
  if (!participant) return refuse("unknown-participant");
  const changed = changes(participant);
  if (!changed) return { kind: "done", stage, change: undefined };
  return {
    kind: "done",
    stage: withParticipant(stage, { ...participant, ...changed }),
    change: { what, actorId: "", participantId },
  };
}

const refuse = (code: StageRefusal): StageOutcome => ({ kind: "refused", code });

/** The stage with a participant added or replaced. */
function withParticipant(stage: Stage, participant: StageParticipant): Stage {
  const known = stage.participants.some(({ participantId }) => participantId === participant.participantId);
  return {
    ...stage,
    participants: known
      ? stage.participants.map((other) => (other.participantId === participant.participantId ? participant : other))
      : [...stage.participants, participant],
  };
}
