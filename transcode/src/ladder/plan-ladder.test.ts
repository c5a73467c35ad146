import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AUDIO_RUNG, nearestFrameRate, nextToShed, planGrid, planLadder } from "./plan-ladder.ts";

const big = { cores: 16, maxHeight: 0, maxFps: 0, hardware: false };
const small = { ...big, cores: 2 };
const names = (plan: ReturnType<typeof planLadder>) => plan.rungs.map((rung) => rung.name);

describe("the plan of a ladder", () => {
  it("is 1080, 720, 480, 360 and sound for a 1080p source on a large machine", () => {
    const plan = planLadder({ width: 1920, height: 1080, fps: 30 }, big);
    expect(names(plan)).toEqual(["1080p", "720p", "480p", "360p", AUDIO_RUNG]);
    expect(plan.note).toBe("");
  });

  it("is smaller on two cores, and says so", () => {
    const plan = planLadder({ width: 1920, height: 1080, fps: 60 }, small);
    expect(plan.format).toEqual({ width: 1280, height: 720, fps: 30 });
    expect(names(plan)).toEqual(["720p", "480p", "360p", AUDIO_RUNG]);
    expect(plan.note).toBe(
      "picture reduced from 1080p to 720p, frame rate reduced to 30 (limited by the machine: 2 cores)",
    );
  });

  it("keeps a portrait source upright", () => {
    const plan = planLadder({ width: 720, height: 1280, fps: 30 }, small);
    expect(plan.format).toEqual({ width: 720, height: 1280, fps: 30 });
    expect(plan.rungs.find((rung) => rung.name === "360p")).toMatchObject({ width: 360, height: 640 });
  });

  it("never upscales, never repeats a name, always has sound last, always even sizes", () => {
    const source = fc.record({
      width: fc.integer({ min: 16, max: 4_096 }),
      height: fc.integer({ min: 16, max: 2_304 }),
      fps: fc.double({ min: 1, max: 240 }),
    });
    fc.assert(
      fc.property(source, fc.integer({ min: 1, max: 64 }), (from, cores) => {
        const plan = planLadder(from, { ...big, cores });
        expect(new Set(names(plan)).size).toBe(plan.rungs.length);
        expect(plan.rungs.at(-1)?.name).toBe(AUDIO_RUNG);
        expect(plan.rungs[0]).toMatchObject({ width: plan.format.width, height: plan.format.height });
        for (const rung of plan.rungs.slice(0, -1)) {
          expect(rung.width).toBeLessThanOrEqual(from.width + 1);
          expect(rung.height).toBeLessThanOrEqual(from.height + 1);
          expect(rung.width % 2).toBe(0);
          expect(rung.height % 2).toBe(0);
        }
      }),
    );
  });
});

describe("the program's frame rate", () => {
  it.each([
    [29.97, 60, 30],
    [23.976, 60, 24],
    [59.94, 60, 60],
    [60, 30, 30],
    [50, 30, 25],
    [144, 60, 60],
    [0, 60, 30],
    [Number.NaN, 30, 30],
  ])("of a source at %d with a limit of %d is %d", (fps, limit, expected) => {
    expect(nearestFrameRate(fps, limit)).toBe(expected);
  });
});

describe("the grid", () => {
  it.each([
    [30, 333, { partFrames: 10, gopFrames: 30, segmentFrames: 60 }],
    [30, 200, { partFrames: 6, gopFrames: 30, segmentFrames: 60 }],
    [25, 333, { partFrames: 8, gopFrames: 24, segmentFrames: 48 }],
    [60, 333, { partFrames: 20, gopFrames: 60, segmentFrames: 120 }],
    [24, 1_000, { partFrames: 24, gopFrames: 24, segmentFrames: 48 }],
  ])("at %d fps with parts of %d ms", (fps, partTargetMs, grid) => {
    expect(planGrid(fps, partTargetMs)).toEqual(grid);
  });
});

describe("shedding", () => {
  it("gives up middle rungs, then the top, never the last", () => {
    const { rungs } = planLadder({ width: 1920, height: 1080, fps: 30 }, big);
    const shed: string[] = [];
    for (let rung = nextToShed(rungs, shed); rung; rung = nextToShed(rungs, shed)) shed.push(rung.name);
    expect(shed).toEqual(["480p", "720p", "1080p"]);
  });
});
