import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseLayers } from "../stage/choose-layers.ts";
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
    expect(switched).toEqual({ extended: 0x1_0000 + 102, timestamp: 1_002 * 3_000 + 33 * 90, switched: true, stay: 2 });
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
    expect(chooseLayers(two, 2, { bits: Number.POSITIVE_INFINITY })).toEqual({ layers: [0, 2], next: 0 });
    expect(chooseLayers(two, 2, { bits: 380_000 })).toEqual({ layers: [0, 0], next: 730_000 });
    expect(chooseLayers(two, 2, { bits: 240_000 })).toEqual({ layers: [undefined, 0], next: 380_000 });
    expect(chooseLayers(two, 2, { bits: 60_000 })).toEqual({ layers: [undefined, undefined], next: 230_000 });
  });

  it("keeps what passes though it goes up and down, but of a way that does not carry it only the lowest", () => {
    const choose = (current: number, bits: number, congested: boolean) =>
      chooseLayers([{ layers, height: 720, current }], 1, { bits, congested }).layers;
    expect(choose(1, 480_000, false)).toEqual([1]);
    expect(choose(1, 480_000, true)).toEqual([0]);
    expect(choose(0, 480_000, false)).toEqual([0]);
    expect(choose(0, 140_000, true)).toEqual([0]);
    expect(choose(0, 130_000, true)).toEqual([undefined]);
  });
});
