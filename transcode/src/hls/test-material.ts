/** Material for tests: a short real encode by ffmpeg, taken apart again, and programs fed with it. */
import { spawn } from "node:child_process";
import { FlvReader, parseAudioTag, parseVideoTag } from "@lianmai/ingest/flv";
import type { Clock } from "@lianmai/process";
import type { Rung } from "../contract.ts";
import { type EncodedPicture, type EncodedSound, SAMPLES_PER_ACCESS_UNIT } from "../pack/encoded.ts";
import { OriginProgram } from "./origin-program.ts";
import type { OriginProgramOptions } from "./origin-program-options.ts";

export interface TestMaterial {
  readonly avcC: Buffer;
  readonly audioConfig: Buffer;
  readonly pictures: readonly EncodedPicture[];
  readonly sounds: readonly EncodedSound[];
}

/** x264 and AAC of a moving pattern and a tone; `gopFrames` apart IDR pictures, no reordering. */
export async function encodeMaterial(of: {
  readonly seconds: number;
  readonly fps: number;
  readonly gopFrames: number;
  readonly size: string;
}): Promise<TestMaterial> {
  const child = spawn(
    "ffmpeg",
    [
      ...["-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", `testsrc2=size=${of.size}:rate=${of.fps}`],
      ...["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", String(of.seconds)],
      ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1", "-pix_fmt", "yuv420p"],
      ...["-profile:v", "main", "-g", String(of.gopFrames), "-keyint_min", String(of.gopFrames), "-sc_threshold", "0"],
      ...["-c:a", "aac", "-b:a", "96k", "-ac", "2", "-f", "flv", "-flvflags", "no_duration_filesize", "pipe:1"],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const reader = new FlvReader();
  let avcC: Buffer | null = null;
  let audioConfig: Buffer | null = null;
  const pictures: EncodedPicture[] = [];
  const sounds: EncodedSound[] = [];
  for await (const chunk of child.stdout) {
    for (const tag of reader.push(Buffer.from(chunk))) {
      const video = tag.type === "video" ? parseVideoTag(tag.data) : null;
      const audio = tag.type === "audio" ? parseAudioTag(tag.data) : null;
      if (video?.kind === "config") avcC = Buffer.from(video.config);
      if (video?.kind === "frame") {
        pictures.push({ index: pictures.length, key: video.key, data: Buffer.from(video.data) });
      }
      if (audio?.kind === "config") audioConfig = Buffer.from(audio.config);
      if (audio?.kind === "frame") {
        sounds.push({ sample: sounds.length * SAMPLES_PER_ACCESS_UNIT, data: Buffer.from(audio.data) });
      }
    }
  }
  if (!avcC || !audioConfig || pictures.length === 0) throw new Error("ffmpeg gave no material");
  return { avcC, audioConfig, pictures, sounds };
}

/** Material of the right shape and no content, for what does not decode it. */
export function emptyMaterial(of: {
  readonly frames: number;
  readonly fps: number;
  readonly gopFrames: number;
}): TestMaterial {
  const pictures = Array.from({ length: of.frames }, (_, index) => ({
    index,
    key: index % of.gopFrames === 0,
    data: Buffer.alloc(20, index),
  }));
  const units = Math.ceil(((of.frames / of.fps) * 48_000) / SAMPLES_PER_ACCESS_UNIT);
  const sounds = Array.from({ length: units }, (_, at) => ({
    sample: at * SAMPLES_PER_ACCESS_UNIT,
    data: Buffer.alloc(6, at),
  }));
  const avcC = Buffer.from("014d401fffe1000867 4d401f00000000 010004 68ee3c80".replaceAll(" ", ""), "hex");
  return { avcC, audioConfig: Buffer.from([0x11, 0x90]), pictures, sounds };
}

/** A clock that stands still until told otherwise. */
export class TestClock implements Clock {
  nowMs: number;

  constructor(nowMs = 1_800_000_000_000) {
    this.nowMs = nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return this.nowMs;
  }
}

export const rung = (name: string, height: number, bitsPerSecond: number, fps = 30): Rung => ({
  name,
  width: (height * 16) / 9,
  height,
  fps: height > 0 ? fps : 0,
  videoBitsPerSecond: bitsPerSecond,
  audioBitsPerSecond: 128_000,
});

/** 30 pictures a second, parts of 10, segments of 60; rungs 360p, 180p and audio unless told otherwise. */
export function testProgram(clock: Clock, options: Partial<OriginProgramOptions> = {}): OriginProgram {
  return new OriginProgram({
    room: "test-room",
    programId: "prog1",
    epoch: 1,
    format: { width: 640, height: 360, fps: 30 },
    partFrames: 10,
    gopFrames: 30,
    segmentFrames: 60,
    rungs: [rung("360p", 360, 600_000), rung("180p", 180, 200_000), rung("audio", 0, 0)],
    startedAtMs: clock.wallMs(),
    firstIndex: 0,
    clock,
    ...options,
  });
}

/** Tells the program its encoders' setups. */
export function configure(program: OriginProgram, material: TestMaterial): void {
  for (const rendition of program.renditions.values()) {
    if (rendition.rung.width > 0) program.videoConfig(rendition.name, material.avcC);
  }
  program.audioConfig(material.audioConfig);
}

/**
 * Feeds pictures [from, to) to all rungs, with the sound of the same time; times in the material are moved by
 * `offset` pictures. Moves a test clock along.
 */
export function feed(
  program: OriginProgram,
  material: TestMaterial,
  range: { readonly from: number; readonly to: number; readonly clock?: TestClock; readonly loop?: boolean },
): void {
  const { fps, samplesPerFrame } = program.grid;
  const { pictures, sounds } = material;
  for (let index = range.from; index < range.to; index++) {
    if (range.clock) range.clock.nowMs += 1_000 / fps;
    const picture = pictures[range.loop ? index % pictures.length : index];
    if (!picture) throw new RangeError("material too short");
    for (const rendition of program.renditions.values()) {
      if (rendition.rung.width > 0) program.video(rendition.name, { ...picture, index });
    }
    const first = Math.ceil((index * samplesPerFrame) / SAMPLES_PER_ACCESS_UNIT);
    for (let unit = first; unit * SAMPLES_PER_ACCESS_UNIT < (index + 1) * samplesPerFrame; unit++) {
      const sound = sounds[unit % sounds.length];
      if (sound) program.audio({ sample: unit * SAMPLES_PER_ACCESS_UNIT, data: sound.data });
    }
  }
}
