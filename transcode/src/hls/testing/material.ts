/** Material for tests: a short real encode by ffmpeg, taken apart again, and programs fed with it. */
import { spawn } from "node:child_process";
import { type AudioTag, FlvReader, parseAudioTag, parseVideoTag, type VideoTag } from "@lianmai/ingest/flv";
import type { Clock } from "@lianmai/process";
import type { Rung } from "../../contract.ts";
import { type EncodedPicture, type EncodedSound, SAMPLES_PER_ACCESS_UNIT } from "../../pack/encoded.ts";
import { OriginProgram } from "../origin-program.ts";
import type { OriginProgramOptions } from "../origin-program-options.ts";

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
  const material = new Collected();
  for await (const chunk of child.stdout) {
    for (const tag of reader.push(Buffer.from(chunk))) {
      if (tag.type === "video") material.video(parseVideoTag(tag.data));
      if (tag.type === "audio") material.audio(parseAudioTag(tag.data));
    }
  }
  return material.done();
}

class Collected {
  #avcC: Buffer | null = null;
  #audioConfig: Buffer | null = null;
  readonly #pictures: EncodedPicture[] = [];
  readonly #sounds: EncodedSound[] = [];

  video(tag: VideoTag): void {
    if (tag.kind === "config") this.#avcC = Buffer.from(tag.config);
    if (tag.kind !== "frame") return;
    this.#pictures.push({ index: this.#pictures.length, key: tag.key, data: Buffer.from(tag.data) });
  }

  audio(tag: AudioTag): void {
    if (tag.kind === "config") this.#audioConfig = Buffer.from(tag.config);
    if (tag.kind !== "frame") return;
    this.#sounds.push({ sample: this.#sounds.length * SAMPLES_PER_ACCESS_UNIT, data: Buffer.from(tag.data) });
  }

  done(): TestMaterial {
    if (!this.#avcC || !this.#audioConfig || this.#pictures.length === 0) throw new Error("ffmpeg gave no material");
    return { avcC: this.#avcC, audioConfig: this.#audioConfig, pictures: this.#pictures, sounds: this.#sounds };
  }
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

export interface FeedRange {
  /** Pictures [from, to) of the program. */
  readonly from: number;
  readonly to: number;
  /** Moved along by a picture's time for each picture. */
  readonly clock?: TestClock;
  /** Program index that the material's first picture is used for: how a restarted encoder goes on. Default 0. */
  readonly origin?: number;
}

/** Feeds pictures to all rungs, each followed by the sound of its time; material repeats when it is too short. */
export function feed(program: OriginProgram, material: TestMaterial, range: FeedRange): void {
  for (let index = range.from; index < range.to; index++) {
    if (range.clock) range.clock.nowMs += 1_000 / program.grid.fps;
    feedPicture(program, material, index, range.origin ?? 0);
    feedSound(program, material, index);
  }
}

export function feedPicture(program: OriginProgram, material: TestMaterial, index: number, origin = 0): void {
  const picture = material.pictures[(index - origin) % material.pictures.length];
  if (!picture) throw new RangeError(`no picture for ${index}`);
  for (const rendition of program.renditions.values()) {
    if (rendition.rung.width > 0) program.video(rendition.name, { ...picture, index });
  }
}

/** The access units that start within the time of a picture. */
export function feedSound(program: OriginProgram, material: TestMaterial, index: number): void {
  const { samplesPerFrame } = program.grid;
  const first = Math.ceil((index * samplesPerFrame) / SAMPLES_PER_ACCESS_UNIT);
  for (let unit = first; unit * SAMPLES_PER_ACCESS_UNIT < (index + 1) * samplesPerFrame; unit++) {
    const sound = material.sounds[unit % material.sounds.length];
    if (sound) program.audio({ sample: unit * SAMPLES_PER_ACCESS_UNIT, data: sound.data });
  }
}
