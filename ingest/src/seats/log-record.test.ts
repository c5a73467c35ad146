import { Value } from "typebox/value";
import { expect, it } from "vitest";
import { type DirectorCommand, type OwnCommand, type Stage, stageLogRecordSchema } from "../stage-contract.ts";
import { logRecord } from "./log-record.ts";
import { newStage } from "./new-stage.ts";
import { reduce, type StageInput } from "./reduce.ts";

const host = { userId: "host", name: "Host", role: "host" } as const;
const mei = { userId: "mei", name: "梅", role: "guest" } as const;
const own = (command: OwnCommand): StageInput => ({ kind: "own", actor: mei, command });
const direct = (command: DirectorCommand): StageInput => ({ kind: "direct", actor: host, command });

/** What the room log is told, change by change. */
function told(inputs: readonly StageInput[]) {
  let stage: Stage = newStage("tea");
  return inputs.flatMap((input, i) => {
    const outcome = reduce(stage, input, i * 20_000);
    if (outcome.kind === "refused" || !outcome.change) throw new Error("nothing changed");
    const record = logRecord(input, outcome.change, { before: stage, after: outcome.stage });
    stage = outcome.stage;
    if (record) expect(Value.Check(stageLogRecordSchema, record)).toBe(true);
    return record ? [[record.what, record.actor?.userId, record.participant?.name, record.seat, record.on]] : [];
  });
}

it("tells who did what to whom, by the names they had, and leaves switches and sources out", () => {
  const show = [
    { kind: "host-joined", actor: host } as const,
    own({ kind: "raise-hand" }),
    direct({ kind: "to-backstage", participantId: "mei" }),
    direct({ kind: "to-seat", participantId: "mei" }),
    own({ kind: "own-media", own: { microphone: true, camera: true, screen: false } }),
    direct({ kind: "gain", participantId: "mei", gain: 0.5 }),
    direct({ kind: "mute", participantId: "mei", muted: true }),
    direct({ kind: "lock-seat", seat: 2, locked: true }),
    direct({ kind: "remove", participantId: "mei", ban: true }),
    direct({ kind: "allow", userId: "mei" }),
    own({ kind: "raise-hand" }),
    { kind: "away", participantId: "mei" } as const,
    { kind: "sweep" } as const,
  ];
  expect(told(show)).toEqual([
    ["joined", "host", "Host", 0, undefined],
    ["raise-hand", "mei", "梅", undefined, undefined],
    ["to-backstage", "host", "梅", undefined, undefined],
    ["to-seat", "host", "梅", 1, undefined],
    ["mute", "host", "梅", undefined, true],
    ["lock-seat", "host", undefined, 2, true],
    ["remove", "host", "梅", undefined, true],
    ["allow", "host", "梅", undefined, undefined],
    ["raise-hand", "mei", "梅", undefined, undefined],
    ["away", undefined, "梅", undefined, undefined],
    ["expired", undefined, "梅", undefined, undefined],
  ]);
});
