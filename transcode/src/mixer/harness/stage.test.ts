/** Nine sources with clocks of their own in one program: the ground the stage stands on. */
import type { FlvTag } from "@lianmai/ingest/flv";
import { beforeAll, expect, test } from "vitest";
import type { Rect, Scene } from "../picture/scene.ts";
import { arrivalsOf } from "./arrivals.ts";
import { makeMedia } from "./make-media.ts";
import { VirtualProgram } from "./virtual-program.ts";

const FORMAT = { width: 768, height: 432, fps: 30 };
const ZERO_MS = 100_000;
let media: FlvTag[];

beforeAll(async () => {
  media = await makeMedia({ width: 256, height: 144, fps: 30, seconds: 12 });
}, 60_000);

const rects: Rect[] = Array.from({ length: 9 }, (_, i) => ({
  x: (i % 3) * 256,
  y: Math.floor(i / 3) * 144,
  width: 256,
  height: 144,
}));

function sceneOf(count: number): Scene {
  return { tiles: rects.slice(0, count).map((rect, i) => ({ sourceId: `g${i}`, rect, fill: 0 })) };
}

test("nine guests with drift and jitter: each keeps its cadence; leaving and layout changes touch nobody else", () => {
  const program = new VirtualProgram({ format: FORMAT, zeroMs: ZERO_MS, watch: rects });
  for (let i = 0; i < 9; i++) {
    const source = program.source(`g${i}`, { fpsHint: 30 });
    program.engine.addSource(source);
    const network = { startMs: ZERO_MS + 100 + i * 37, driftPpm: (i - 4) * 25, jitterMs: i * 3, seed: i + 1 };
    program.deliver(source, arrivalsOf(media, network));
  }
  program.engine.setScene(sceneOf(9));
  program.at(ZERO_MS + 8_000, () => program.engine.setScene(sceneOf(8)));
  program.at(ZERO_MS + 9_000, () => {
    program.engine.setScene(sceneOf(7));
    program.engine.removeSource("g7");
  });
  program.run(ZERO_MS + 11_000);
  program.engine.close();
  for (let i = 0; i < 7; i++) {
    const numbers = program.pictures
      .filter(({ index }) => index >= 5 * 30)
      .map(({ tiles }) => tiles[i]?.number ?? Number.NaN);
    const steps = numbers.slice(1).map((number, k) => number - (numbers[k] ?? 0));
    expect(steps.filter((step) => step !== 1)).toEqual([]);
  }
  const last = program.pictures.at(-1);
  expect(last?.tiles[7]).toBeNull();
  expect(last?.tiles[8]).toBeNull();
  const peak = Math.max(
    ...program.sound.map(({ samples }) => samples.reduce((most, s) => Math.max(most, Math.abs(s)), 0)),
  );
  expect(peak).toBeGreaterThan(16_000);
  expect(peak).toBeLessThanOrEqual(Math.ceil(0.89 * 32_767));
});
