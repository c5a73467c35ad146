import { expect, test } from "vitest";
import { ProgramPictures } from "../picture/program-pictures.ts";
import { Slate } from "./slate.ts";
import { FADE_IN_MS, FADE_OUT_MS, SlateFader } from "./slate-fader.ts";

test("the fader turns round in the middle without a jump", () => {
  const fader = new SlateFader({ weight: 0 });
  fader.step(0, false);
  expect(fader.step(FADE_OUT_MS / 2, true)).toBeCloseTo(0.5);
  expect(fader.step(FADE_OUT_MS / 2 + FADE_IN_MS / 5, false)).toBeCloseTo(0.3);
  expect(fader.step(FADE_OUT_MS * 9, true)).toBe(1);
});

for (const [width, height] of [
  [1280, 720],
  [1920, 1080],
  [640, 360],
  [426, 240],
  [608, 1080],
] as const) {
  test(`${width}x${height}: text over a dimmed picture, breathing, deterministic`, () => {
    const format = { width, height, fps: 30 };
    const pool = new ProgramPictures(format, { most: 1 });
    const picture = pool.take()!;
    picture.data[0]!.fill(200);
    picture.data[1]!.fill(60);
    picture.data[2]!.fill(200);
    const slate = new Slate(format);
    slate.setBackground(picture);
    const [dark, bright] = [0, 1_800].map((atMs) => {
      const drawn = Buffer.alloc(picture.bytes.length);
      slate.draw(drawn, atMs);
      return drawn;
    });
    // The corner is the picture, dimmed; the middle has the text.
    expect(dark![0]).toBeGreaterThan(30);
    expect(dark![0]).toBeLessThan(100);
    const brightest = (drawn: Buffer): number =>
      drawn.subarray(0, width * height).reduce((most, value) => Math.max(most, value), 0);
    expect(brightest(bright!)).toBeGreaterThan(210);
    expect(brightest(dark!)).toBeLessThan(brightest(bright!) - 20);
  });
}
