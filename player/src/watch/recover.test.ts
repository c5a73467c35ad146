import { describe, expect, it } from "vitest";
import { type RecoverInput, type RecoverState, recover, STUCK_MS, startRecover } from "./recover.ts";

/** Runs inputs through and collects the actions that are not "none". */
function run(inputs: readonly RecoverInput[], from: RecoverState = startRecover(0)) {
  let state = from;
  const actions: { readonly action: string; readonly atMs: number }[] = [];
  for (const input of inputs) {
    const step = recover(state, input, 0.5);
    state = step.state;
    if (step.action !== "none") actions.push({ action: step.action, atMs: input.nowMs });
  }
  return { state, actions };
}

function ticks(fromMs: number, toMs: number, position: (nowMs: number) => number, wanted = true): RecoverInput[] {
  const list: RecoverInput[] = [];
  for (let nowMs = fromMs; nowMs < toMs; nowMs += 200) {
    list.push({ kind: "tick", nowMs, positionMs: position(nowMs), wanted });
  }
  return list;
}

describe("recover", () => {
  it("does nothing while the picture moves, is paused or waits for a room that is off", () => {
    expect(run(ticks(0, 60_000, (now) => now)).actions).toEqual([]);
    expect(run(ticks(0, 60_000, () => 5, false)).actions).toEqual([]);
  });

  it("re-creates a stuck player, each time more patiently, for ever", () => {
    const { actions } = run(ticks(0, 90_000, () => 7));
    expect(actions[0]?.atMs).toBeGreaterThan(STUCK_MS);
    expect(actions[0]?.atMs).toBeLessThan(STUCK_MS + 500);
    const gaps = actions.slice(1).map((item, i) => item.atMs - (actions[i]?.atMs ?? 0));
    expect(gaps[1]).toBeGreaterThan(gaps[0] ?? 0);
    expect(Math.max(...gaps)).toBeLessThan(16_000);
    expect(gaps.length).toBeGreaterThan(4);
  });

  it("forgets its attempts after lasting progress only", () => {
    const stuck = run(ticks(0, 20_000, () => 7)).state;
    expect(stuck.attempts).toBeGreaterThan(1);
    expect(
      run(
        ticks(20_000, 22_000, (now) => now),
        stuck,
      ).state.attempts,
    ).toBe(stuck.attempts);
    expect(
      run(
        ticks(20_000, 27_000, (now) => now),
        stuck,
      ).state.attempts,
    ).toBe(0);
  });

  it("re-creates soon after a network failure: renditions may have changed", () => {
    const failed: RecoverInput = { kind: "failed", nowMs: 100, cause: "network" };
    const { actions } = run([...ticks(0, 200, (now) => now), failed, ...ticks(200, 3_000, () => 1)]);
    expect(actions.map((item) => item.action)).toEqual(["recreate"]);
    expect(actions[0]?.atMs).toBeLessThan(1_500);
  });

  it("repairs a media error in place once, then re-creates", () => {
    const error = (nowMs: number): RecoverInput => ({ kind: "failed", nowMs, cause: "media" });
    const { actions } = run([error(100), error(1_000), ...ticks(1_200, 3_000, () => 1)]);
    expect(actions.map((item) => item.action)).toEqual(["recover-media", "recreate"]);
  });

  it("re-creates at once when the network is back", () => {
    expect(run([{ kind: "online", nowMs: 50 }]).actions).toEqual([{ action: "recreate", atMs: 50 }]);
  });
});
