import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { canDrawClock, demoArguments } from "./picture.ts";

const run = promisify(execFile);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "lianmai-demo-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it.each([false, true])("is a second of H.264 and AAC, clock drawn: %s", async (wanted) => {
  const file = join(dir, "demo.flv");
  const canDrawText = wanted && (await canDrawClock());
  expect(canDrawText).toBe(wanted);
  const args = demoArguments({ url: file, cores: 2, canDrawText });
  await run("ffmpeg", [...args.slice(0, -1), "-t", "1", file]);
  const { stdout } = await run("ffprobe", [
    "-v",
    "error",
    "-show_entries",
    "stream=codec_name,width",
    "-of",
    "csv=p=0",
    file,
  ]);
  expect(stdout.trim().split("\n").sort()).toEqual(["aac", "h264,854"]);
});

it("says that it cannot draw where ffmpeg is not", async () => {
  expect(await canDrawClock({ file: join(dir, "no-ffmpeg") })).toBe(false);
});
