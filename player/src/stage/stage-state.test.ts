import type { StageReply, StageView } from "@lianmai/ingest/signalling";
import { describe, expect, it } from "vitest";
import {
  hasPlace,
  meOf,
  mustJoin,
  NEW_STAGE_STATE,
  type Participant,
  reduceStage,
  type StageFact,
  type StageState,
} from "./stage-state.ts";
import { stageWaitMs } from "./stage-wait.ts";

const person = (place: Participant["place"]): Participant => ({
  ...{ participantId: "mei", userId: "mei", name: "Mei", role: "guest", place, sinceMs: 0 },
  ...{ connection: "connected", keepUntilMs: 0, muted: false, hidden: false, gain: 1 },
  own: { microphone: true, camera: true, screen: false },
});
const stage = (...participants: Participant[]): StageView => ({
  ...{ room: "tea", version: 1, updatedAtMs: 0, capacity: 8, locked: [], participants, removed: [] },
});
const welcome = (view: StageView): StageReply => ({
  ...{ kind: "welcome", connectionId: "c1", participantId: "mei", role: "guest", iceServers: [], stage: view },
});
const say = (reply: StageReply, nowMs = 0): StageFact => ({ kind: "reply", reply, nowMs });
const after = (...facts: StageFact[]): StageState => facts.reduce(reduceStage, NEW_STAGE_STATE);
const lost = (nowMs: number, status = 0): StageFact => ({ kind: "closed", status, code: "no-answer", nowMs });
const BACKSTAGE = person({ at: "backstage" });

describe("a browser on the stage", () => {
  it("makes its peer connection once it has a place, and not before", () => {
    const asking = after(say(welcome(stage(person({ at: "asking" })))));
    expect([hasPlace(asking), mustJoin(asking)]).toEqual([false, false]);
    const backstage = reduceStage(asking, say({ kind: "stage", stage: stage(BACKSTAGE) }));
    expect(mustJoin(backstage)).toBe(true);
    expect(mustJoin(reduceStage(backstage, { kind: "media", media: "joining" }))).toBe(false);
  });

  it("makes a new one when the old is lost, and when the events come back", () => {
    const joined = after(say(welcome(stage(BACKSTAGE))), { kind: "media", media: "joined" });
    expect(mustJoin(reduceStage(joined, say({ kind: "media-lost" })))).toBe(true);
    const away = reduceStage(joined, lost(1_000));
    expect([away.link, mustJoin(away)]).toEqual([{ at: "lost", sinceMs: 1_000 }, false]);
    expect(mustJoin(reduceStage(away, say(welcome(stage(BACKSTAGE)))))).toBe(true);
  });

  it("remembers since when it is lost, and gives up after ten minutes", () => {
    const away = after(lost(1_000), lost(2_000));
    expect(away.link).toEqual({ at: "lost", sinceMs: 1_000 });
    expect(reduceStage(away, lost(700_000)).link).toEqual({ at: "ended", why: "gave-up" });
  });

  it("does not come back by itself where that would only repeat the end", () => {
    for (const [status, why] of [
      [401, "signed-out"],
      [403, "not-allowed"],
      [404, "no-room"],
    ] as const) {
      expect(after(lost(0, status)).link).toEqual({ at: "ended", why });
    }
    const replaced = after(say(welcome(stage(BACKSTAGE))), say({ kind: "bye", code: "replaced" }));
    expect(reduceStage(replaced, lost(0, 200)).link).toEqual({ at: "ended", why: "replaced" });
    expect(after(say({ kind: "bye", code: "stopping" })).link.at).toBe("lost");
  });

  it("tells being taken off from going by one's own wish", () => {
    const here = after(say(welcome(stage(BACKSTAGE))));
    const gone = say({ kind: "stage", stage: stage() });
    expect(reduceStage(here, gone).takenOff).toBe(true);
    const left = reduceStage(reduceStage(here, { kind: "leaving" }), gone);
    expect([left.takenOff, meOf(left)]).toEqual([false, undefined]);
    const again = reduceStage(left, say({ kind: "stage", stage: stage(BACKSTAGE) }));
    expect(reduceStage(again, gone).takenOff).toBe(true);
  });
});

describe("the wait of a lost stage", () => {
  it("stays below a second while the place is kept, and grows later", () => {
    for (let attempt = 0; attempt < 40; attempt += 1) {
      expect(stageWaitMs(attempt, 14_000, 1)).toBeLessThan(1_000);
      expect(stageWaitMs(attempt, 14_000, 0)).toBeGreaterThan(50);
    }
    expect(stageWaitMs(30, 60_000, 1)).toBe(20_000);
    expect(stageWaitMs(30, 60_000, 0)).toBe(10_000);
  });
});
