/** HEVC and AV1 test pictures as enhanced FLV tags: encoded by ffmpeg into MP4, cut out of its sample tables. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FlvTag } from "@lianmai/ingest/flv";
import { drawBarCode } from "./bar-code.ts";

const CODECS = {
  hevc: {
    fourcc: "hvc1",
    box: "hvcC",
    encode: ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:bframes=0", "-tag:v", "hvc1"],
  },
  av1: {
    fourcc: "av01",
    box: "av1C",
    encode: ["-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-lag-in-frames", "0"],
  },
} as const;

export interface EnhancedOptions {
  readonly codec: keyof typeof CODECS;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly seconds: number;
}

/** Pictures only; a keyframe each second. */
export async function makeEnhancedMedia(options: EnhancedOptions): Promise<FlvTag[]> {
  const { fourcc, box } = CODECS[options.codec];
  const file = await encode(options);
  const config = boxBody(file, box);
  const sizes = tableOf(boxBody(file, "stsz"), { headBytes: 12, countAt: 8 });
  const keys = new Set(tableOf(boxBody(file, "stss"), { headBytes: 8, countAt: 4 }));
  let at = file.indexOf("mdat", 0, "latin1") + 4;
  const head = (key: boolean, packetType: number): Buffer =>
    Buffer.concat([Buffer.from([0x80 | ((key ? 1 : 2) << 4) | packetType]), Buffer.from(fourcc, "latin1")]);
  const frames = sizes.map((size, i): FlvTag => {
    const sample = file.subarray(at, at + size);
    at += size;
    const timestampMs = Math.round((i * 1_000) / options.fps);
    return { type: "video", timestampMs, data: Buffer.concat([head(keys.has(i + 1), 3), sample]) };
  });
  return [{ type: "video", timestampMs: 0, data: Buffer.concat([head(true, 0), config]) }, ...frames];
}

async function encode({ codec, width, height, fps, seconds }: EnhancedOptions): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "mixer-media-"));
  try {
    const path = join(folder, "media.mp4");
    const child = spawn(
      "ffmpeg",
      [
        ...[
          "-v",
          "error",
          "-f",
          "rawvideo",
          "-pix_fmt",
          "yuv420p",
          "-s",
          `${width}x${height}`,
          "-r",
          `${fps}`,
          "-i",
          "pipe:0",
        ],
        ...[...CODECS[codec].encode, "-b:v", "1M", "-g", `${fps}`, path],
      ],
      { stdio: ["pipe", "ignore", "ignore"] },
    );
    const ended = once(child, "close");
    for (let n = 0; n < fps * seconds; n++) {
      const picture = Buffer.alloc((width * height * 3) / 2, 128);
      drawBarCode(picture.subarray(0, width * height), { width, height, number: n, isFlash: n % fps < 2 });
      if (!child.stdin.write(picture)) await once(child.stdin, "drain");
    }
    child.stdin.end();
    const [code] = await ended;
    if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Body of the first box of a type, found by its name: good enough for files of our own making. */
function boxBody(file: Buffer, type: string): Buffer {
  const at = file.indexOf(type, file.indexOf("moov", 0, "latin1"), "latin1");
  if (at < 4) throw new Error(`no ${type} box`);
  return file.subarray(at + 4, at - 4 + file.readUInt32BE(at - 4));
}

function tableOf(body: Buffer, options: { readonly headBytes: number; readonly countAt: number }): number[] {
  const count = body.readUInt32BE(options.countAt);
  return Array.from({ length: count }, (_, i) => body.readUInt32BE(options.headBytes + i * 4));
}
