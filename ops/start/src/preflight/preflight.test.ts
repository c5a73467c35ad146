import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkFfmpeg, checkRedisServer } from "./media-tools.ts";
import { checkStorage } from "./storage.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "lianmai-preflight-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe("storage", () => {
  it("makes the directory and leaves nothing in it", async () => {
    await checkStorage(join(dir, "a/b"));
    expect(await readdir(join(dir, "a/b"))).toEqual([]);
  });

  it("names a disk that is too full", async () => {
    await expect(checkStorage(dir, { leastFreeBytes: 2 ** 60 })).rejects.toThrow(/Only \d+ MiB free at .*DATA_DIR/);
  });
});

describe("programs", () => {
  it("of this machine serve", async () => {
    await checkFfmpeg();
    await checkRedisServer();
  });

  it("that are missing are named with the package", async () => {
    await expect(checkRedisServer({ file: "redis-not-here" })).rejects.toThrow("redis-not-here is not installed");
  });

  it("an ffmpeg without the codecs is named with what it lacks", async () => {
    const file = join(dir, "ffmpeg");
    await writeFile(file, "#!/bin/sh\necho ' V....D h264_other'\necho ' D  flv  FLV'\n");
    await chmod(file, 0o755);
    await expect(checkFfmpeg({ file })).rejects.toThrow(
      "This ffmpeg lacks libx264 (encoder), aac (encoder), nut (muxer), nut (demuxer)",
    );
  });
});
