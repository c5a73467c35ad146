import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ProgramEvent, type ProgramState, step } from "./program-state.ts";

const starting: ProgramState = { at: "starting", sinceMs: 0 };
const run = (...events: readonly ProgramEvent[]) => events.reduce(step, starting);

describe("a program", () => {
  it("is live with its first picture, interrupted without, live again when it is back", () => {
    expect(run({ kind: "on-air", atMs: 5 }).at).toBe("live");
    const lost = run({ kind: "on-air", atMs: 5 }, { kind: "source-lost", atMs: 9, graceMs: 60 });
    expect(lost).toEqual({ at: "interrupted", sinceMs: 9, untilMs: 69 });
    expect(step(lost, { kind: "on-air", atMs: 30 })).toEqual({ at: "live", sinceMs: 30 });
  });

  it("ends when the grace period is over, not before", () => {
    const lost = run({ kind: "on-air", atMs: 0 }, { kind: "source-lost", atMs: 10, graceMs: 50 });
    expect(step(lost, { kind: "time-passed", atMs: 59 })).toBe(lost);
    expect(step(lost, { kind: "time-passed", atMs: 60 })).toEqual({ at: "ended", sinceMs: 60, why: "grace-over" });
  });

  it("does not lengthen the grace period when the loss is told twice", () => {
    const lost = run({ kind: "on-air", atMs: 0 }, { kind: "source-lost", atMs: 10, graceMs: 50 });
    expect(step(lost, { kind: "source-lost", atMs: 40, graceMs: 50 })).toBe(lost);
  });

  it("stays ended for good", () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant("on-air" as const), atMs: fc.nat() }),
      fc.record({ kind: fc.constant("source-lost" as const), atMs: fc.nat(), graceMs: fc.nat() }),
      fc.record({ kind: fc.constant("time-passed" as const), atMs: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const ended = run({ kind: "end", atMs: 1, why: "ended-by-command" });
        expect(events.reduce(step, ended)).toBe(ended);
      }),
    );
  });
});
