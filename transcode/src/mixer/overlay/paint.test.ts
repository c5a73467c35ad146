import { describe, expect, test } from "vitest";
import { blendOverlay, overlayFromRgba } from "./overlay.ts";
import { paint } from "./paint.ts";
import { initialOf, plainText } from "./piece.ts";

const label = (text: string, change: { maxWidth?: number; isMuted?: boolean } = {}) =>
  paint({ kind: "label", text, isMuted: false, height: 32, maxWidth: 300, ...change });

/** Light pixels: of the letters, not of the pill. */
function lightPixels({ rgba }: { readonly rgba: Uint8Array }): number {
  let count = 0;
  for (let i = 0; i < rgba.length; i += 4) if ((rgba[i] ?? 0) > 180 && (rgba[i + 3] ?? 0) > 180) count++;
  return count;
}

describe("names", () => {
  for (const name of ["Grace", "连麦主播小明", "山田さん", "김민수", "علي", "हिन्दी", "สวัสดี", "100% <b>&'\"\\{}"]) {
    test(`${name} is drawn, on even sides, within its width`, () => {
      const { width, height, rgba } = label(name);
      expect([width % 2, height % 2]).toEqual([0, 0]);
      expect(width).toBeLessThanOrEqual(300);
      expect(rgba.length).toBe(width * height * 4);
      expect(lightPixels({ rgba })).toBeGreaterThan(60);
    });
  }

  test("long ones end in an ellipsis, muted ones have a sign, empty ones are empty", () => {
    expect(label("很长的名字".repeat(20), { maxWidth: 200 }).width).toBeLessThanOrEqual(200);
    expect(label("Ann", { isMuted: true }).width).toBeGreaterThan(label("Ann").width);
    expect(lightPixels(label(""))).toBe(0);
  });

  test("characters that turn or break lines are left out; initials are whole characters", () => {
    expect(plainText("a\u202eb\u0000c\n d\u2066")).toBe("abc d");
    expect(initialOf("émile")).toBe("É");
    expect(initialOf("👩‍👩‍👧 family")).toBe("👩‍👩‍👧");
    expect(initialOf("  小明")).toBe("小");
    expect(initialOf("")).toBe("·");
  });
});

describe("overlays", () => {
  const canvas = () => ({
    data: [Buffer.alloc(64 * 32, 100), Buffer.alloc(32 * 16, 90), Buffer.alloc(32 * 16, 90)],
    strides: [64, 32, 32],
    height: 32,
  });

  test("opaque colours arrive as limited-range yuv; nothing is drawn outside, wherever it is put", () => {
    const red = overlayFromRgba(
      Uint8Array.from({ length: 16 * 8 * 4 }, (_, i) => [255, 0, 0, 255][i % 4] ?? 0),
      { width: 16, height: 8 },
    );
    for (const [x, y] of [
      [0, 0],
      [-8, -4],
      [56, 28],
      [-20, 4],
      [80, 40],
    ] as const) {
      const target = canvas();
      blendOverlay(red, target, { x, y, opacity: 1 });
      for (let row = 0; row < 32; row++) {
        for (let column = 0; column < 64; column++) {
          const inside = column >= x && column < x + 16 && row >= y && row < y + 8;
          expect(target.data[0]?.[row * 64 + column]).toBe(inside ? 82 : 100);
        }
      }
    }
    const target = canvas();
    blendOverlay(red, target, { x: 0, y: 0, opacity: 1 });
    expect([target.data[1]?.[0], target.data[2]?.[0]]).toEqual([90, 240]);
  });

  test("half an opacity is half way", () => {
    const white = overlayFromRgba(new Uint8Array(8 * 8 * 4).fill(255), { width: 8, height: 8 });
    const target = canvas();
    blendOverlay(white, target, { x: 0, y: 0, opacity: 0.5 });
    expect(Math.abs((target.data[0]?.[0] ?? 0) - (100 + 235) / 2)).toBeLessThan(3);
  });

  test("a face is round, a ring is larger than its face", () => {
    const face = paint({ kind: "face", name: "Ann", seed: "a", diameter: 100 });
    expect([face.rgba[3], face.rgba[(50 * 100 + 50) * 4 + 3]]).toEqual([0, 255]);
    expect(paint({ kind: "ring", diameter: 100 }).width).toBeGreaterThan(100);
  });
});
