import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { pictureBytes, samplesPerFrame } from "./frames.ts";
import { nutHead, nutPictureHead, nutSoundHead } from "./nut.ts";

const format = { width: 64, height: 36, fps: 30 };

function program(options: { readonly first: number; readonly pictures: number; readonly skip?: number }): Buffer {
  const chunks = [nutHead(format)];
  for (let index = options.first; index < options.first + options.pictures; index++) {
    if (index !== options.skip) {
      const picture = Buffer.alloc(pictureBytes(format), index % 200);
      chunks.push(nutPictureHead(index, picture.length), picture);
    }
    const sound = Buffer.alloc(samplesPerFrame(format.fps) * 4);
    chunks.push(nutSoundHead(index * samplesPerFrame(format.fps), sound.length), sound);
  }
  return Buffer.concat(chunks);
}

function packets(file: Buffer): { readonly type: string; readonly pts: number; readonly bytes: number }[] {
  const run = spawnSync(
    "ffprobe",
    ["-v", "error", "-f", "nut", "-show_entries", "packet=codec_type,pts,size", "-of", "csv=p=0", "-i", "pipe:0"],
    { input: file, encoding: "utf8" },
  );
  expect(run.stderr).toBe("");
  return run.stdout
    .trim()
    .split("\n")
    .map((line) => line.split(","))
    .map(([type, pts, bytes]) => ({ type: type ?? "", pts: Number(pts), bytes: Number(bytes) }));
}

describe("NUT", () => {
  it("is read back by ffprobe with every timestamp and size", () => {
    const read = packets(program({ first: 1_000_003, pictures: 40 }));
    const video = read.filter((packet) => packet.type === "video");
    const audio = read.filter((packet) => packet.type === "audio");
    expect(video.map((packet) => packet.pts)).toEqual(Array.from({ length: 40 }, (_, k) => 1_000_003 + k));
    expect(audio.map((packet) => packet.pts)).toEqual(Array.from({ length: 40 }, (_, k) => (1_000_003 + k) * 1_600));
    expect(new Set(video.map((packet) => packet.bytes))).toEqual(new Set([pictureBytes(format)]));
  });

  it("keeps the time of what follows a missing picture", () => {
    const video = packets(program({ first: 0, pictures: 10, skip: 4 })).filter((packet) => packet.type === "video");
    expect(video.map((packet) => packet.pts)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
  });
});
