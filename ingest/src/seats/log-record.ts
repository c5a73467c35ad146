import {
  LOGGED_CHANGES,
  type Stage,
  type StageActor,
  type StageChange,
  type StageLogRecord,
  type StageParticipant,
} from "../stage-contract.ts";
import type { StageInput } from "./reduce.ts";

const isLogged = (what: StageChange["what"]): what is StageLogRecord["what"] =>
  LOGGED_CHANGES.some((logged) => logged === what);

/** What the room log is told of a change; undefined when it is not its business. Pure. */
export function logRecord(
  input: StageInput,
  change: StageChange,
  stages: { readonly before: Stage; readonly after: Stage },
): StageLogRecord | undefined {
  const { what, participantId } = change;
  if (!isLogged(what)) return undefined;
  const { before, after } = stages;
  const one = find(after, participantId) ?? find(before, participantId);
  const name = one?.name ?? before.removed.find(({ userId }) => userId === participantId)?.name ?? "";
  return {
    room: after.room,
    version: after.version,
    what,
    actor: actorOf(input),
    participant: participantId === "" ? null : { id: participantId, name },
    ...detailOf(input, one),
  };
}

const find = (stage: Stage, participantId: string): StageParticipant | undefined =>
  stage.participants.find((one) => one.participantId === participantId);

const actorOf = (input: StageInput): StageActor | null => ("actor" in input ? input.actor : null);

function detailOf(input: StageInput, one: StageParticipant | undefined): Pick<StageLogRecord, "seat" | "on"> {
  if (input.kind === "host-joined") return { seat: 0 };
  if (input.kind !== "direct") return {};
  const { command } = input;
  switch (command.kind) {
    case "to-seat":
      return one?.place.at === "seated" ? { seat: one.place.seat } : {};
    case "invite":
      return command.seat === undefined ? {} : { seat: command.seat };
    case "lock-seat":
      return { seat: command.seat, on: command.locked };
    case "capacity":
      return { seat: command.capacity };
    case "mute":
      return { on: command.muted };
    case "hide":
      return { on: command.hidden };
    case "remove":
      return { on: command.ban };
    default:
      return {};
  }
}
