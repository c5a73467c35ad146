/**
 * A program's encoder that outlives its processes: raw pictures and sound in, encoded ones out, on one unbroken
 * clock. When ffmpeg dies or a rung is shed, a new one takes up at the next picture from the history, so the
 * renditions show no gap.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, createBackoff, type Logger } from "@lianmai/process";
import { pictureBytes } from "../bus/frames.ts";
import type { PicturePool } from "../bus/picture-pool.ts";
import type { ProgramFormat, Rung } from "../contract.ts";
import { type EncodedPicture, type EncodedSound, SAMPLES_PER_ACCESS_UNIT } from "../pack/encoded.ts";
import type { VideoEncoder } from "./arguments.ts";
import { EncoderRun, sampleAt } from "./encoder-run.ts";
import type { FfmpegEnd } from "./ffmpeg-process.ts";
import { type LoadState, measureLoad, NO_OUTPUT, type OutputState, QUIET_LOAD, watchOutput } from "./overload.ts";
import { PictureHistory } from "./picture-history.ts";
import { nextToShed } from "./plan-ladder.ts";
import { SoundGrid } from "./sound-grid.ts";

/** What a ladder tells its owner. */
export interface LadderOutput {
  videoConfig(rung: string, avcC: Buffer): void;
  audioConfig(audioSpecificConfig: Buffer): void;
  video(rung: string, picture: EncodedPicture): void;
  audio(sound: EncodedSound): void;
  shed(rung: string): void;
}

export interface LadderOptions {
  readonly format: ProgramFormat;
  readonly rungs: readonly Rung[];
  readonly shed: readonly string[];
  readonly gopFrames: number;
  readonly encoder: VideoEncoder;
  readonly cores: number;
  readonly vaapiDevice?: string;
  /** A directory of this ladder's own; made and removed by it. */
  readonly directory: string;
  readonly output: LadderOutput;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Whose pictures are fed. */
  readonly pool: PicturePool;
}

/** Access units fed again before the one that continues, for the AAC encoder to settle (2 of priming, 1 spare). */
const SOUND_PREROLL_UNITS = 3;
const LOAD_CHECK_MS = 500;
/** A run that lasted this long was healthy: the next failure starts from the shortest wait again. */
const HEALTHY_RUN_MS = 10_000;

export class Ladder {
  readonly #options: LadderOptions;
  readonly #history: PictureHistory;
  readonly #backoff = createBackoff({ minMs: 20, maxMs: 5_000 });
  readonly #soundGrid = new SoundGrid();
  readonly #lastIndex = new Map<string, number>();
  readonly #shed: string[];
  readonly #loadTimer: NodeJS.Timeout;
  #load: LoadState = QUIET_LOAD;
  #run: EncoderRun | null = null;
  #output: OutputState = NO_OUTPUT;
  #runNumber = 0;
  #restarts = 0;
  #droppedEarlier = 0;
  #closed = false;
  readonly #finished: Promise<void>;

  constructor(options: LadderOptions) {
    this.#options = options;
    this.#shed = [...options.shed];
    const { format, pool } = options;
    this.#history = new PictureHistory({ fps: format.fps, pictureBytes: pictureBytes(format), pool });
    this.#loadTimer = setInterval(() => this.#checkLoad(), LOAD_CHECK_MS);
    this.#finished = this.#keepRunning();
  }

  get restarts(): number {
    return this.#restarts;
  }

  get droppedPictures(): number {
    return this.#droppedEarlier + (this.#run?.droppedPictures ?? 0);
  }

  /** Process id of the encoder, for metrics and fault tests. */
  get pid(): number | undefined {
    return this.#run?.pid;
  }

  /** How far the slowest rung is behind what was fed. */
  get lagMs(): number {
    return this.#load.lagMs;
  }

  picture(index: number, data: Buffer): void {
    this.#history.addPicture(index, data);
    this.#run?.picture(index, data);
  }

  sound(index: number, data: Buffer): void {
    this.#history.addSound(index, data);
    this.#run?.sound(index, data);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#loadTimer);
    this.#run?.kill();
    await this.#finished;
  }

  async #keepRunning(): Promise<void> {
    const { logger, clock } = this.#options;
    while (!this.#closed) {
      const startedMs = clock.monotonicMs();
      const end = await this.#oneRun();
      if (this.#closed || end.kind === "asked") continue;
      this.#restarts++;
      if (clock.monotonicMs() - startedMs > HEALTHY_RUN_MS) this.#backoff.reset();
      const waitMs = this.#backoff.next();
      logger.warn({ reason: end.kind === "failed" ? end.reason : end.kind, waitMs }, "encoder ended, starting another");
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
    await rm(this.#options.directory, { recursive: true, force: true });
  }

  /** One encoder's life. A directory that cannot be made is a failed run: it must not reach other rooms. */
  async #oneRun(): Promise<FfmpegEnd> {
    const directory = join(this.#options.directory, String(++this.#runNumber));
    try {
      await mkdir(directory, { recursive: true });
      if (this.#closed) return { kind: "asked" };
      const run = this.#start(directory);
      const end = await run.ended;
      this.#run = null;
      this.#droppedEarlier += run.droppedPictures;
      await rm(directory, { recursive: true, force: true });
      return end;
    } catch (error) {
      this.#run = null;
      return { kind: "failed", reason: String(error) };
    }
  }

  #start(directory: string): EncoderRun {
    const { format, gopFrames, encoder, cores, vaapiDevice, clock, pool } = this.#options;
    const resumeSample = this.#soundGrid.next;
    const firstSample = resumeSample === null ? 0 : resumeSample - SOUND_PREROLL_UNITS * SAMPLES_PER_ACCESS_UNIT;
    const rungs = this.#options.rungs.filter((rung) => rung.width > 0 && !this.#shed.includes(rung.name));
    const run = EncoderRun.start({
      ...{ format, gopFrames, encoder, cores, directory, rungs, firstSample, clock, pool },
      ...(vaapiDevice !== undefined && { vaapiDevice }),
      output: {
        videoConfig: (rung, avcC) => this.#options.output.videoConfig(rung, avcC),
        audioConfig: (config) => this.#options.output.audioConfig(config),
        picture: (rung, picture) => this.#emit(rung, picture),
        sound: (timestampMs, data) => {
          const sample = this.#soundGrid.place(sampleAt(timestampMs));
          if (sample !== null) this.#options.output.audio({ sample, data });
        },
      },
    });
    // All rungs go on from the one that is furthest: a rung cannot decode past a keyframe it never got.
    const resume = this.#lastIndex.size > 0 ? Math.max(...this.#lastIndex.values()) + 1 : this.#history.oldest;
    for (const picture of this.#history.picturesFrom(resume))
      run.picture(picture.index, picture.data, { refill: true });
    for (const sound of this.#history.soundsFrom(firstSample)) run.sound(sound.index, sound.data);
    this.#run = run;
    return run;
  }

  #emit(rung: string, picture: EncodedPicture): void {
    const last = this.#lastIndex.get(rung) ?? -1;
    if (picture.index <= last) return;
    this.#lastIndex.set(rung, picture.index);
    this.#options.output.video(rung, picture);
  }

  #checkLoad(): void {
    const run = this.#run;
    if (!run) return;
    const { fps } = this.#options.format;
    // Before anything came out, everything fed is lag: an encoder that never starts is noticed too.
    const behind = run.fedIndex - (run.slowestIndex ?? run.firstFedIndex);
    const lagMs = (behind * 1_000) / fps;
    const atMs = this.#options.clock.monotonicMs();
    this.#load = measureLoad(this.#load, {
      lagMs,
      dropped: run.droppedPictures,
      atMs,
    });
    const look = { runNumber: this.#runNumber, fed: run.fedIndex, given: run.slowestIndex ?? -1, atMs };
    this.#output = watchOutput(this.#output, look);
    if (this.#output.hangs) {
      this.#load = QUIET_LOAD;
      this.#options.logger.error({ lagMs: Math.round(lagMs) }, "encoder hangs, replacing it");
      run.replace();
      return;
    }
    if (!this.#load.overloaded) return;
    this.#load = QUIET_LOAD;
    const rung = nextToShed(this.#options.rungs, this.#shed);
    // The last rung stays: an encoder that is only slow leaves out pictures, a new one would be no faster.
    if (!rung) return;
    this.#shed.push(rung.name);
    this.#lastIndex.delete(rung.name);
    this.#options.logger.warn({ rung: rung.name, lagMs: Math.round(lagMs) }, "encoder cannot keep up, rung given up");
    this.#options.output.shed(rung.name);
    run.kill();
  }
}
