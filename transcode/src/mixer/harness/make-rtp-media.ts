/** Test media as a browser would send them: H.264 or VP8 pictures and Opus sound, encoded by ffmpeg. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { oggPackets } from "@lianmai/process/testing/ogg-packets";
import { BEEP_HZ, drawBeeps, writePictures } from "./make-media.ts";

export interface RtpMediaOptions {
  readonly codec: "h264" | "vp8";
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly seconds: number;
  /** Pictures between keyframes. */
  readonly gop?: number;
  readonly firstNumber?: number;
  /** Pitch of the beeps. */
  readonly hz?: number;
}

/** H.264: the NAL units of an access unit; VP8: one frame. */
export interface RtpMedia {
  readonly codec: "h264" | "vp8";
  readonly fps: number;
  readonly seconds: number;
  readonly frames: readonly (readonly Buffer[])[];
  /** Opus packets of 20 ms. */
  readonly sounds: readonly Buffer[];
}

/** Encodes the same pictures and beeps as FLV test media. */
export async function makeRtpMedia(options: RtpMediaOptions): Promise<RtpMedia> {
  const { codec, width, height, fps, seconds, gop = fps, firstNumber = 0, hz = BEEP_HZ } = options;
  const folder = await mkdtemp(join(tmpdir(), "mixer-media-"));
  try {
    const [sound, video, audio] = ["sound.s16", "video", "audio.ogg"].map((name) => join(folder, name));
    await writeFile(sound as string, drawBeeps(seconds, hz));
    const encode =
      codec === "h264"
        ? [
            "-c:v",
            "libx264",
            "-profile:v",
            "baseline",
            "-preset",
            "ultrafast",
            "-tune",
            "zerolatency",
            "-sc_threshold",
            "0",
            "-f",
            "h264",
          ]
        : [
            "-c:v",
            "libvpx",
            "-deadline",
            "realtime",
            "-cpu-used",
            "8",
            "-lag-in-frames",
            "0",
            "-auto-alt-ref",
            "0",
            "-b:v",
            "600k",
            "-f",
            "ivf",
          ];
    const child = spawn(
      "ffmpeg",
      [
        ...["-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", `${width}x${height}`, "-r", `${fps}`],
        ...["-i", "pipe:0", "-f", "s16le", "-ar", "48000", "-ac", "1", "-i", sound as string],
        ...["-map", "0:v", "-g", `${gop}`, "-threads", "1", ...encode, video as string],
        ...["-map", "1:a", "-c:a", "libopus", "-frame_duration", "20", "-b:a", "48k", "-f", "ogg", audio as string],
      ],
      { stdio: ["pipe", "ignore", "inherit"] },
    );
    const ended = once(child, "close");
    await writePictures(child.stdin, { width, height, fps, seconds, firstNumber });
    const [code] = await ended;
    if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
    const bytes = await readFile(video as string);
    const frames = codec === "h264" ? accessUnits(bytes) : ivfFrames(bytes).map((frame) => [frame]);
    // Two header packets, then sound; the last packet of a stream may reach beyond its end.
    const sounds = oggPackets(await readFile(audio as string)).slice(2, 2 + seconds * 50);
    return { codec, fps, seconds, frames, sounds };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Annex B, one slice a picture: each slice ends a unit. */
function accessUnits(bytes: Buffer): Buffer[][] {
  const starts: number[] = [];
  for (let at = bytes.indexOf("\0\0\x01", 0, "latin1"); at >= 0; at = bytes.indexOf("\0\0\x01", at + 3, "latin1"))
    starts.push(at + 3);
  const units: Buffer[][] = [];
  let unit: Buffer[] = [];
  for (const [i, start] of starts.entries()) {
    const next = starts[i + 1];
    let end = next === undefined ? bytes.length : next - 3;
    while (end > start && bytes[end - 1] === 0) end--;
    const nal = bytes.subarray(start, end);
    unit.push(nal);
    if ([1, 5].includes(nal.readUInt8(0) & 0x1f)) {
      units.push(unit);
      unit = [];
    }
  }
  return units;
}

function ivfFrames(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = bytes.readUInt16LE(6); at + 12 <= bytes.length; ) {
    const size = bytes.readUInt32LE(at);
    frames.push(bytes.subarray(at + 12, at + 12 + size));
    at += 12 + size;
  }
  return frames;
}
