import fc from "fast-check";
import { expect, test } from "vitest";
import { placeInRect } from "./scene.ts";

const even = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: min / 2, max: max / 2 }).map((half) => half * 2);

test("a source of the rectangle's size is placed as it is", () => {
  const rect = { x: 0, y: 0, width: 1280, height: 720 };
  expect(placeInRect({ width: 1280, height: 720, pixelAspect: 1 }, { rect, fill: 0 })).toEqual({
    scaled: { width: 1280, height: 720 },
    offset: { x: 0, y: 0 },
    target: rect,
  });
});

test("4:3 stands between bars, portrait is cropped to cover, non-square pixels are widened", () => {
  const rect = { x: 0, y: 0, width: 1280, height: 720 };
  expect(placeInRect({ width: 640, height: 480, pixelAspect: 1 }, { rect, fill: 0 }).target).toEqual({
    x: 160,
    y: 0,
    width: 960,
    height: 720,
  });
  expect(placeInRect({ width: 720, height: 1280, pixelAspect: 1 }, { rect, fill: 1 })).toMatchObject({
    scaled: { width: 1280, height: 2276 },
    target: rect,
  });
  expect(placeInRect({ width: 720, height: 576, pixelAspect: 64 / 45 }, { rect, fill: 0 }).target).toEqual(rect);
});

test("a place that is hardly smaller than a usual size crops that size, whichever comes", () => {
  const rect = { x: 8, y: 8, width: 608, height: 342 };
  const source = { width: 640, height: 360, pixelAspect: 1 };
  expect(placeInRect(source, { rect, fill: 1 })).toEqual({
    scaled: { width: 640, height: 360 },
    offset: { x: 16, y: 8 },
    target: rect,
  });
  const half = { width: 320, height: 180, pixelAspect: 1 };
  expect(placeInRect(half, { rect, fill: 1 })).toEqual(placeInRect(source, { rect, fill: 1 }));
  expect(placeInRect(source, { rect, fill: 0 }).scaled).toEqual({ width: 608, height: 342 });
  expect(placeInRect({ ...source, pixelAspect: 1.1 }, { rect, fill: 1 }).scaled).toEqual({ width: 668, height: 342 });
});

test("a tile that grows, or comes to be filled, shows its source larger and larger, without a jump", () => {
  const widthIn = (width: number, fill: number) => {
    const rect = { x: 0, y: 0, width, height: Math.round((width * 9) / 32) * 2 };
    return placeInRect({ width: 640, height: 360, pixelAspect: 1 }, { rect, fill }).scaled.width;
  };
  const grown = Array.from({ length: 113 }, (_, at) => widthIn(480 + 2 * at, 1));
  const filled = Array.from({ length: 101 }, (_, at) => widthIn(608, at / 100));
  expect(grown).toContain(640);
  expect([filled[0], filled.at(-1)]).toEqual([608, 640]);
  for (const widths of [grown, filled]) {
    const steps = widths.slice(1).map((width, at) => width - (widths[at] ?? 0));
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...steps)).toBeLessThanOrEqual(8);
  }
});

test("every placement is even, inside its rectangle, and reads only inside the scaled picture", () => {
  fc.assert(
    fc.property(
      fc.record({
        width: even(16, 4096),
        height: even(16, 2304),
        pixelAspect: fc.constantFrom(1, 64 / 45, 0.5, 0, 99),
      }),
      fc.record({ x: even(0, 600), y: even(0, 600), width: even(16, 1920), height: even(16, 1080) }),
      fc.constantFrom(0, 0.3, 1),
      (source, rect, fill) => {
        const { scaled, offset, target } = placeInRect(source, { rect, fill });
        for (const value of [...Object.values(scaled), ...Object.values(offset), ...Object.values(target)])
          expect(value % 2).toBe(0);
        expect(target.x).toBeGreaterThanOrEqual(rect.x);
        expect(target.y).toBeGreaterThanOrEqual(rect.y);
        expect(target.x + target.width).toBeLessThanOrEqual(rect.x + rect.width);
        expect(target.y + target.height).toBeLessThanOrEqual(rect.y + rect.height);
        expect(offset.x + target.width).toBeLessThanOrEqual(scaled.width);
        expect(offset.y + target.height).toBeLessThanOrEqual(scaled.height);
        expect(Math.min(target.width, target.height)).toBeGreaterThanOrEqual(2);
      },
    ),
  );
});
