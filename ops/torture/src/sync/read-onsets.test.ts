import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { beepOnsets, flashOnsets, pairUp, takeApart } from "./read-onsets.ts";

const SECONDS = 20;
const FPS = 30;
const AREAS = [
  { x: 0, y: 0, width: 0.5, height: 1 },
  { x: 0.5, y: 0, width: 0.5, height: 1 },
] as const;
const TONES_HZ = [700, 1_100] as const;

/** The left half flashes and beeps at once, the right half's beep is late by so much; as a packager writes it. */
function programme(lateMs: number): Buffer {
  const flash = (x: string, at: number) =>
    `drawbox=x=${x}:y=0:w=iw/2:h=ih:color=white:t=fill:enable='lt(mod(t+${2 - at},2),0.2)'`;
  const beep = (hertz: number, at: number) => `0.2*sin(2*PI*${hertz}*t)*lt(mod(t+${2 - at},2),0.2)`;
  const sound = `${beep(TONES_HZ[0], 0.5)}+${beep(TONES_HZ[1], 1.1 + lateMs / 1_000)}`;
  const run = spawnSync(
    "ffmpeg",
    [
      ...["-v", "error", "-f", "lavfi", "-i", `color=black:size=320x180:rate=${FPS}`],
      ...["-f", "lavfi", "-i", `aevalsrc=exprs='${sound}':s=48000`, "-t", String(SECONDS)],
      ...["-vf", `${flash("0", 0.5)},${flash("iw/2", 1.1)},format=yuv420p`, "-c:v", "libx264", "-preset", "ultrafast"],
      ...["-tune", "zerolatency", "-g", "30", "-c:a", "aac", "-ac", "2", "-output_ts_offset", "3000"],
      ...["-movflags", "frag_keyframe+empty_moov+default_base_moof", "-use_editlist", "0", "-f", "mp4", "pipe:1"],
    ],
    { maxBuffer: 1 << 28 },
  );
  expect(run.stderr.toString()).toBe("");
  return run.stdout;
}

const offsetsOf = (lateMs: number): number[][] => {
  const apart = takeApart(programme(lateMs), { fps: FPS });
  return AREAS.map((area, at) =>
    pairUp(flashOnsets(apart, area), beepOnsets(apart, TONES_HZ[at] ?? 0), 700).map(({ offsetMs }) => offsetMs),
  );
};

describe("flashes and beeps of a recorded programme", () => {
  for (const lateMs of [0, 80, -60]) {
    it(`are read to 3 ms, each in its place, with the one's sound ${lateMs} ms late`, () => {
      const [left = [], right = []] = offsetsOf(lateMs);
      expect(left.length).toBeGreaterThanOrEqual(SECONDS / 2 - 1);
      expect(right.length).toBeGreaterThanOrEqual(SECONDS / 2 - 1);
      for (const offset of left) expect(Math.abs(offset)).toBeLessThan(3);
      for (const offset of right) expect(Math.abs(offset - lateMs)).toBeLessThan(3);
    });
  }

  it("nobody where nothing flashes, or nothing beeps", () => {
    const apart = takeApart(programme(0), { fps: FPS });
    expect(beepOnsets(apart, 1_500)).toEqual([]);
    expect(flashOnsets({ ...apart, pictures: apart.pictures.slice(0, 10) }, AREAS[0])).toEqual([]);
  });
});
