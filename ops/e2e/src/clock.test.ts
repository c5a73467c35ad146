import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { CLOCK_BITS, clockAgeMs, clockFilter } from "./clock.ts";

const WIDTH = 704;
const HEIGHT = 96;

it("is drawn by ffmpeg and read back to within a few milliseconds", () => {
  const before = Date.now();
  const run = spawnSync(
    "ffmpeg",
    [
      ...["-v", "error", "-f", "lavfi", "-i", `testsrc2=size=${WIDTH}x${HEIGHT}:rate=30`, "-frames:v", "1"],
      ...["-vf", `${clockFilter()},format=gray`, "-f", "rawvideo", "pipe:1"],
    ],
    { maxBuffer: 1 << 24 },
  );
  const after = Date.now();
  expect(run.stderr.toString()).toBe("");
  const picture = run.stdout;
  const bits = Array.from({ length: CLOCK_BITS }, (_, bit) => {
    const x = Math.floor(((bit + 0.5) * WIDTH) / CLOCK_BITS);
    return (picture[4 * WIDTH + x] ?? 0) > 128;
  });
  const age = clockAgeMs(bits, after);
  expect(age).toBeGreaterThanOrEqual(-4);
  expect(age).toBeLessThanOrEqual(after - before + 4);
});
