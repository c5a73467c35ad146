/** What on a stage is power over somebody else, and so goes into the audit. Pure. */
import { type DirectorCommand, directorCommandSchema } from "@lianmai/ingest/stage";
import { Type } from "typebox";
import { Value } from "typebox/value";

const requestSchema = Type.Object({ kind: Type.Literal("command"), command: directorCommandSchema });

export interface StageAct {
  readonly kind: DirectorCommand["kind"];
  readonly subjectId: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The act in a request to the stage; undefined for what needs no audit: places offered, seats, loudness. */
export function readStageAct(body: unknown): StageAct | undefined {
  if (!Value.Check(requestSchema, body)) return undefined;
  const { command } = body;
  switch (command.kind) {
    case "mute":
      return { kind: "mute", subjectId: command.participantId, detail: { muted: command.muted } };
    case "hide":
      return { kind: "hide", subjectId: command.participantId, detail: { hidden: command.hidden } };
    case "remove":
      return { kind: "remove", subjectId: command.participantId, detail: { ban: command.ban } };
    case "to-backstage":
      return { kind: "to-backstage", subjectId: command.participantId, detail: {} };
    case "allow":
      return { kind: "allow", subjectId: command.userId, detail: {} };
    default:
      return undefined;
  }
}
