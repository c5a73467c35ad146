import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseLayers } from "../stage/choose-layers.ts";
import { BandwidthEstimator } from "./bandwidth.ts";
import { type LayerPacket, TrackRewriter } from "./track-rewriter.ts";

const packet = (layer: number, extended: number, more: Partial<LayerPacket> = {}): LayerPacket => ({
  ...{ layer, extended, timestamp: extended * 3_000, arrivalMs: extended * 33, startsHere: false, empty: false },
  report: undefined,
  ...more,
});

describe("one track of many layers", () => {
  it("begins at a keyframe, and switches at one, with numbers that go on and time that goes forward", () => {
    const track = new TrackRewriter({ clockRate: 90_000, firstSequence: 100 });
    expect(track.push(packet(0, 1_000), 0)).toBeUndefined();
    expect(track.push(packet(0, 1_001, { startsHere: true }), 0)?.extended).toBe(0x1_0000 + 100);
    expect(track.push(packet(0, 1_002), 1)?.extended).toBe(0x1_0000 + 101);
    const switched = track.push(packet(1, 50, { startsHere: true, timestamp: 9, arrivalMs: 1_002 * 33 + 33 }), 1);
    expect(switched).toEqual({ extended: 0x1_0000 + 102, timestamp: 1_002 * 3_000 + 33 * 90, switched: true });
    expect(track.push(packet(0, 1_003), 1)).toBeUndefined();
    expect(track.origin(101)).toMatchObject({ layer: 0, extended: 1_002 });
    expect(track.origin(102)).toMatchObject({ layer: 1, extended: 50 });
  });

  it("closes the gaps that empty packets would leave, and keeps those of lost ones", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("full", "empty", "lost"), { maxLength: 50 }), (kinds) => {
        const track = new TrackRewriter({ clockRate: 90_000, firstSequence: 1 });
        track.push(packet(0, 500, { startsHere: true }), 0);
        let expected = 0x1_0001;
        for (const [i, kind] of kinds.entries()) {
          if (kind !== "empty") expected += 1;
          const out = kind === "lost" ? undefined : track.push(packet(0, 501 + i, { empty: kind === "empty" }), 0);
          if (kind === "full") expect(out?.extended).toBe(expected);
          else expect(out).toBeUndefined();
        }
      }),
    );
  });
});

describe("what a receiver's way carries", () => {
  const layers = [150_000, 500_000, 1_500_000].map((bitsPerSecond, index) => ({ index, bitsPerSecond }));

  it("is shared out sound first, everybody's lowest before anybody's next, by the size shown", () => {
    const two = [
      { layers, height: 180 },
      { layers, height: 720 },
    ];
    expect(chooseLayers(two, 2, Number.POSITIVE_INFINITY)).toEqual([0, 2]);
    expect(chooseLayers(two, 2, 380_000)).toEqual([0, 0]);
    expect(chooseLayers(two, 2, 240_000)).toEqual([undefined, 0]);
    expect(chooseLayers(two, 2, 60_000)).toEqual([undefined, undefined]);
  });

  it("is lowered by a queue that grows, and raised step by step when it is calm", () => {
    const estimator = new BandwidthEstimator();
    let nowMs = 0;
    let sequence = 0;
    const run = (seconds: number, queueMs: (i: number) => number) => {
      for (let i = 0; i < seconds * 50; i += 1) {
        nowMs += 20;
        sequence = (sequence + 1) & 0xffff;
        estimator.sent(sequence, 1_200, nowMs);
        estimator.feedback([{ sequence, arrivalMs: nowMs + queueMs(i) }], nowMs);
        estimator.raise(nowMs);
      }
    };
    run(1, () => 5);
    const calm = estimator.estimate;
    run(2, (i) => 5 + i * 10);
    const congested = estimator.estimate;
    expect(congested).toBeLessThan(calm);
    run(20, () => 5);
    expect(estimator.estimate).toBeGreaterThan(congested);
  });
});
