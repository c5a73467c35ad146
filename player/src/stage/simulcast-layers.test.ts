import { describe, expect, it } from "vitest";
import { pixelsOf, simulcastLayers } from "./simulcast-layers.ts";

const sent = (width: number, height: number) =>
  simulcastLayers(1_000_000, width * height)
    .filter(({ active }) => active)
    .map(({ rid, scaleResolutionDownBy, maxBitrate }) => [rid, scaleResolutionDownBy, maxBitrate]);

describe("simulcast layers", () => {
  it("are as many as the browser sends of that size, the last of them in full", () => {
    expect(sent(1_280, 720)).toEqual([
      ["l", 4, 100_000],
      ["m", 2, 285_714],
      ["h", 1, 1_000_000],
    ]);
    expect(sent(640, 360)).toEqual([
      ["l", 2, 160_000],
      ["m", 1, 1_000_000],
    ]);
    expect(sent(320, 180)).toEqual([["l", 1, 1_000_000]]);
  });

  it("are always of the same names: what is not sent is off", () => {
    for (const pixels of [undefined, 57_600, 230_400]) {
      expect(simulcastLayers(1_000_000, pixels).map(({ rid }) => rid)).toEqual(["l", "m", "h"]);
    }
  });

  it("know a track's size when the track does", () => {
    expect(pixelsOf({ getSettings: () => ({ width: 640, height: 360 }) })).toBe(230_400);
    expect([pixelsOf({ getSettings: () => ({}) }), pixelsOf(null)]).toEqual([undefined, undefined]);
  });
});
