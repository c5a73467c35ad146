import fc from "fast-check";
import { Value } from "typebox/value";
import { describe, expect, it } from "vitest";
import {
  type DirectorCommand,
  type OwnCommand,
  SEAT_KEEP_MS,
  type Stage,
  type StageActor,
  stageSchema,
} from "../stage-contract.ts";
import { newStage } from "./new-stage.ts";
import { reduce, type StageInput } from "./reduce.ts";

const host: StageActor = { userId: "host", name: "Host", role: "host" };
const guest = (userId: string): StageActor => ({ userId, name: userId, role: "guest" });
const own = (userId: string, command: OwnCommand): StageInput => ({ kind: "own", actor: guest(userId), command });
const direct = (command: DirectorCommand, actor = host): StageInput => ({ kind: "direct", actor, command });
const run = (stage: Stage, ...inputs: StageInput[]): Stage =>
  inputs.reduce((before, input, i) => {
    const outcome = reduce(before, input, i);
    if (outcome.kind === "refused") throw new Error(outcome.code);
    return outcome.stage;
  }, stage);
const empty = newStage("room");
const placeOf = (stage: Stage, id: string) => stage.participants.find((one) => one.participantId === id)?.place;

describe("a stage", () => {
  it("takes a guest from a raised hand over backstage to a seat and off again", () => {
    const asked = run(empty, { kind: "host-joined", actor: host }, own("mei", { kind: "raise-hand" }));
    expect(placeOf(asked, "host")).toEqual({ at: "seated", seat: 0 });
    expect(placeOf(asked, "mei")).toEqual({ at: "asking" });
    const backstage = run(asked, direct({ kind: "to-backstage", participantId: "mei" }));
    const seated = run(backstage, direct({ kind: "to-seat", participantId: "mei" }));
    expect(placeOf(seated, "mei")).toEqual({ at: "seated", seat: 1 });
    expect(placeOf(run(seated, own("mei", { kind: "leave" })), "mei")).toBeUndefined();
    expect(seated.version).toBe(4);
  });

  it("lets the invited accept or decline, and nobody else", () => {
    const invited = run(empty, direct({ kind: "invite", userId: "mei", name: "Mei" }));
    expect(placeOf(run(invited, own("mei", { kind: "accept" })), "mei")).toEqual({ at: "backstage" });
    expect(run(invited, own("mei", { kind: "decline" })).participants).toEqual([]);
    expect(reduce(empty, own("li", { kind: "accept" }), 0)).toEqual({ kind: "refused", code: "unknown-participant" });
  });

  it("refuses a guest's orders, a locked seat, a taken seat and one beyond the capacity", () => {
    const two = run(empty, own("a", { kind: "raise-hand" }), own("b", { kind: "raise-hand" }));
    const seated = run(
      two,
      direct({ kind: "to-seat", participantId: "a", seat: 2 }),
      direct({ kind: "lock-seat", seat: 3, locked: true }),
    );
    const refusal = (input: StageInput) => reduce(seated, input, 9);
    expect(refusal(direct({ kind: "mute", participantId: "a", muted: true }, guest("b")))).toMatchObject({
      code: "not-director",
    });
    expect(refusal(direct({ kind: "to-seat", participantId: "b", seat: 2 }))).toMatchObject({ code: "no-free-seat" });
    expect(refusal(direct({ kind: "to-seat", participantId: "b", seat: 3 }))).toMatchObject({ code: "seat-locked" });
    const narrow = run(seated, direct({ kind: "capacity", capacity: 1 }));
    expect(placeOf(narrow, "a")).toEqual({ at: "backstage" });
    expect(reduce(narrow, direct({ kind: "to-seat", participantId: "b", seat: 2 }), 9)).toMatchObject({
      code: "seat-unknown",
    });
  });

  it("lets two seated guests change places", () => {
    const seated = run(
      run(empty, own("a", { kind: "raise-hand" }), own("b", { kind: "raise-hand" })),
      direct({ kind: "to-seat", participantId: "a" }),
      direct({ kind: "to-seat", participantId: "b" }),
      direct({ kind: "to-seat", participantId: "a", seat: 2 }),
    );
    expect([placeOf(seated, "a"), placeOf(seated, "b")]).toEqual([
      { at: "seated", seat: 2 },
      { at: "seated", seat: 1 },
    ]);
  });

  it("keeps who was removed away until allowed", () => {
    const removed = run(
      empty,
      own("a", { kind: "raise-hand" }),
      direct({ kind: "remove", participantId: "a", ban: true }),
    );
    expect(reduce(removed, own("a", { kind: "raise-hand" }), 9)).toEqual({ kind: "refused", code: "removed" });
    expect(reduce(removed, direct({ kind: "invite", userId: "a", name: "A" }), 9)).toMatchObject({ code: "removed" });
    const allowed = run(removed, direct({ kind: "allow", userId: "a" }), own("a", { kind: "raise-hand" }));
    expect(placeOf(allowed, "a")).toEqual({ at: "asking" });
  });

  it("keeps who was muted or hidden so, though they leave and come again", () => {
    const muted = run(
      empty,
      own("a", { kind: "raise-hand" }),
      direct({ kind: "mute", participantId: "a", muted: true }),
      own("a", { kind: "leave" }),
      own("a", { kind: "raise-hand" }),
    );
    expect(muted.participants[0]).toMatchObject({ muted: true, hidden: false });
    const free = run(
      muted,
      direct({ kind: "mute", participantId: "a", muted: false }),
      own("a", { kind: "leave" }),
      own("a", { kind: "raise-hand" }),
    );
    expect(free.participants[0]).toMatchObject({ muted: false });
  });

  it("lets a moderator act on guests, not on the host", () => {
    const moderator: StageActor = { userId: "mo", name: "Mo", role: "moderator" };
    const both = run(empty, { kind: "host-joined", actor: host }, own("a", { kind: "raise-hand" }));
    const mute = (participantId: string) =>
      reduce(both, direct({ kind: "mute", participantId, muted: true }, moderator), 9);
    expect(mute("a")).toMatchObject({ kind: "done" });
    expect(mute("host")).toEqual({ kind: "refused", code: "outranked" });
  });

  it("keeps a seat for its time when the connection is gone, and mute stands through it", () => {
    const seated = run(
      run(empty, own("a", { kind: "raise-hand" })),
      direct({ kind: "to-seat", participantId: "a" }),
      direct({ kind: "mute", participantId: "a", muted: true }),
      { kind: "away", participantId: "a" },
    );
    const sweep = (nowMs: number) => {
      const outcome = reduce(seated, { kind: "sweep" }, nowMs);
      return outcome.kind === "done" ? outcome.stage.participants.length : -1;
    };
    expect([sweep(SEAT_KEEP_MS), sweep(SEAT_KEEP_MS + 100)]).toEqual([1, 0]);
    const back = run(
      seated,
      { kind: "back", participantId: "a" },
      own("a", { kind: "own-media", own: { microphone: true, camera: true, screen: false } }),
    );
    expect(back.participants[0]).toMatchObject({
      muted: true,
      place: { at: "seated", seat: 1 },
      connection: "connected",
    });
  });

  it("stays within its schema with at most one to a seat, whatever happens", () => {
    const user = fc.constantFrom("a", "b", "c", "host");
    const seat = fc.integer({ min: 1, max: 8 });
    const input: fc.Arbitrary<StageInput> = fc.oneof(
      fc
        .tuple(user, fc.constantFrom<OwnCommand["kind"]>("raise-hand", "lower-hand", "accept", "decline", "leave"))
        .map(([userId, kind]) => own(userId, { kind } as OwnCommand)),
      fc
        .oneof(
          fc.record({
            kind: fc.constant("to-seat" as const),
            participantId: user,
            seat: fc.option(seat, { nil: undefined }),
          }),
          fc.record({ kind: fc.constant("to-backstage" as const), participantId: user }),
          fc.record({ kind: fc.constant("invite" as const), userId: user, name: fc.constant("N") }),
          fc.record({ kind: fc.constant("remove" as const), participantId: user, ban: fc.boolean() }),
          fc.record({ kind: fc.constant("lock-seat" as const), seat, locked: fc.boolean() }),
          fc.record({ kind: fc.constant("capacity" as const), capacity: fc.integer({ min: 0, max: 8 }) }),
        )
        .map((command) => direct(command)),
      user.map((participantId) => ({ kind: "away" as const, participantId })),
      fc.constant({ kind: "sweep" as const }),
      fc.constant({ kind: "host-joined" as const, actor: host }),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 40 }), (inputs) => {
        let stage = empty;
        for (const [i, one] of inputs.entries()) {
          const outcome = reduce(stage, one, i * 4_000);
          if (outcome.kind === "done") stage = outcome.stage;
        }
        const seats = stage.participants.flatMap(({ place }) => (place.at === "seated" ? [place.seat] : []));
        expect(new Set(seats).size).toBe(seats.length);
        expect(Math.max(0, ...seats)).toBeLessThanOrEqual(stage.capacity);
        expect(Value.Check(stageSchema, stage)).toBe(true);
      }),
    );
  });
});
