import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { othersCount } from "../live/share-viewers.ts";
import { createViewers } from "../live/viewers.ts";
import { freshForMs, isStorable } from "./caching-rules.ts";
import { createPressure } from "./pressure.ts";

describe("caching rules", () => {
  it.each([
    [undefined, 0],
    ["no-store", 0],
    ["max-age=0", 0],
    ["public, max-age=3600, immutable", 3_600_000],
    ["max-age=60, s-maxage=1", 1_000],
    ["private, max-age=60", 0],
    ["no-cache, max-age=60", 0],
    ["Max-Age=2", 2_000],
    ["max-age=-1", 0],
    ["x-max-agent", 0],
  ])("%s is fresh for %d ms", (header, freshMs) => {
    expect(freshForMs(header)).toBe(freshMs);
  });

  it("keeps what was found, gone or never there, and no error", () => {
    expect([200, 404, 410, 206, 302, 400, 500, 503].filter(isStorable)).toEqual([200, 404, 410]);
  });
});

describe("pressure", () => {
  const late = (pressure: ReturnType<typeof createPressure>, fromMs: number, count: number, delayMs = 200) => {
    for (let n = 0; n < count; n += 1) pressure.observe(delayMs, fromMs + n * 500);
  };
  it("sheds after three late windows, not after one pause however long", () => {
    const pressure = createPressure();
    late(pressure, 10_000, 1, 5_000);
    expect(pressure.shedding(10_400)).toBe(false);
    late(pressure, 10_500, 2);
    expect(pressure.shedding(11_500)).toBe(true);
  });

  it("ends once the lateness has passed", () => {
    const pressure = createPressure();
    late(pressure, 10_000, 6);
    expect(pressure.shedding(13_000)).toBe(true);
    expect(pressure.shedding(16_000)).toBe(false);
  });

  it("never sheds while bursts stay within half a part", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ max: 150, min: 0 }), fc.nat(1_000))), (bursts) => {
        const pressure = createPressure();
        let nowMs = 1_000;
        for (const [delayMs, stepMs] of bursts) {
          nowMs += stepMs;
          pressure.observe(delayMs, nowMs);
          expect(pressure.shedding(nowMs)).toBe(false);
        }
      }),
    );
  });
});

describe("viewers", () => {
  it("count while their playlist requests are fresh, each once, and are forgotten after", () => {
    const viewers = createViewers();
    expect(viewers.seen("r", "a", { watching: true, nowMs: 0 })).toBe(false);
    expect(viewers.seen("r", "a", { watching: true, nowMs: 1_000 })).toBe(true);
    viewers.seen("r", "b", { watching: false, nowMs: 1_000 });
    viewers.seen("s", "a", { watching: true, nowMs: 1_000 });
    expect([...viewers.count(2_000)]).toEqual([
      ["r", 1],
      ["s", 1],
    ]);
    expect([...viewers.count(8_000)]).toEqual([]);
    expect(viewers.knows("r", "b", 15_000)).toBe(true);
    expect(viewers.knows("r", "b", 17_000)).toBe(false);
    viewers.count(30_000);
    expect(viewers.size).toBe(0);
  });

  it("are bounded in number", () => {
    const viewers = createViewers();
    for (let n = 0; n < 60_000; n += 1) viewers.seen("r", `v${n}`, { watching: true, nowMs: 0 });
    expect(viewers.size).toBe(50_000);
  });

  it("of other edges add up unless stale, malformed or our own", () => {
    const fields = {
      me: "9@1000",
      a: "2@1000",
      b: "3@900",
      old: "5@-6000",
      bad: "x@1000",
      negative: "-4@1000",
      half: "7",
    };
    expect(othersCount(fields, { nodeId: "me", nowMs: 1_000 })).toBe(5);
  });
});
