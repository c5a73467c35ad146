/** One life of the ladder's ffmpeg: NUT in, encoded pictures and sound out. */
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { FlvReader, type FlvTag, parseAudioTag, parseVideoTag } from "@lianmai/ingest/flv";
import type { Clock } from "@lianmai/process";
import { BYTES_PER_SAMPLE_PAIR, SAMPLE_RATE, samplesPerFrame } from "../bus/frames.ts";
import { nutHead, nutPictureHead, nutSoundHead } from "../bus/nut.ts";
import type { PicturePool } from "../bus/picture-pool.ts";
import type { ProgramFormat, Rung } from "../contract.ts";
import type { EncodedPicture } from "../pack/encoded.ts";
import { ladderArguments, type VideoEncoder } from "./arguments.ts";
import { EncoderInput } from "./encoder-input.ts";
import { type FfmpegEnd, type FfmpegProcess, startFfmpeg } from "./ffmpeg-process.ts";
import { inputAllowance } from "./input-allowance.ts";
import { LAG_LIMIT_MS } from "./overload.ts";

/** Raw pictures that may wait for the encoder's stdin, whatever the allowance. */
const MAX_INPUT_BYTES = 256 * 1024 * 1024;

/** What a run gives out. Sound times are as the encoder wrote them, to the millisecond. */
export interface EncoderOutput {
  videoConfig(rung: string, avcC: Buffer): void;
  audioConfig(audioSpecificConfig: Buffer): void;
  picture(rung: string, picture: EncodedPicture): void;
  sound(timestampMs: number, data: Buffer): void;
}

export interface EncoderRunOptions {
  readonly format: ProgramFormat;
  /** Video rungs only. */
  readonly rungs: readonly Rung[];
  readonly gopFrames: number;
  readonly encoder: VideoEncoder;
  readonly cores: number;
  readonly vaapiDevice?: string;
  /** A directory of this run's own, for its sockets. */
  readonly directory: string;
  readonly output: EncoderOutput;
  /** Sound before this sample is not fed; blocks are cut there. */
  readonly firstSample: number;
  readonly clock: Clock;
  /** Whose pictures are fed. */
  readonly pool: PicturePool;
}

export class EncoderRun {
  readonly ended: Promise<FfmpegEnd>;
  readonly #options: EncoderRunOptions;
  readonly #input = new EncoderInput();
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #lastIndex = new Map<string, number>();
  #ffmpeg: FfmpegProcess | null = null;
  #droppedPictures = 0;
  #refilled = 0;
  #startedMs = 0;
  /** Since when more is waiting than a healthy encoder leaves; null when it is not. */
  #overSinceMs: number | null = null;
  #fedIndex = -1;
  #firstFedIndex = -1;
  #closed = false;

  private constructor(options: EncoderRunOptions) {
    this.#options = options;
    this.#startedMs = options.clock.monotonicMs();
    this.#input.add(nutHead(options.format));
    this.ended = this.#run();
  }

  /** Starts a run; feeding may begin at once. */
  static start(options: EncoderRunOptions): EncoderRun {
    return new EncoderRun(options);
  }

  get droppedPictures(): number {
    return this.#droppedPictures;
  }

  get pid(): number | undefined {
    return this.#ffmpeg?.pid();
  }

  /** Index of the last picture fed, -1 before the first. */
  get fedIndex(): number {
    return this.#fedIndex;
  }

  /** Index of the first picture fed, -1 before it. */
  get firstFedIndex(): number {
    return this.#firstFedIndex;
  }

  /** Index of the last picture that came out of the slowest rung; undefined before every rung gave one. */
  get slowestIndex(): number | undefined {
    const indexes = this.#options.rungs.map((rung) => this.#lastIndex.get(rung.name));
    return indexes.some((index) => index === undefined) ? undefined : Math.min(...(indexes as number[]));
  }

  /**
   * Feeds picture `index`; dropped (and counted) when too much is waiting already: viewers see fewer pictures rather
   * than later ones. Sound is never dropped. `refill`: from the history, which has a bound of its own.
   */
  picture(index: number, data: Buffer, options: { readonly refill?: boolean } = {}): void {
    if (options.refill) this.#refilled++;
    else if (this.#isFull(index, data.length)) {
      this.#droppedPictures++;
      return;
    }
    if (this.#fedIndex < 0) this.#firstFedIndex = index;
    this.#fedIndex = index;
    const { pool } = this.#options;
    pool.hold(data);
    this.#input.add(nutPictureHead(index, data.length));
    this.#input.add(data, () => pool.release(data));
  }

  #isFull(index: number, bytes: number): boolean {
    const { format, gopFrames, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const waitingBytes = this.#input.waitingBytes + bytes;
    const isOver = waitingBytes > (LAG_LIMIT_MS * format.fps * bytes) / 1_000;
    this.#overSinceMs = isOver ? (this.#overSinceMs ?? nowMs) : null;
    const allowance = inputAllowance({
      ...{ fps: format.fps, gopFrames, index, refilled: this.#refilled },
      runningMs: nowMs - this.#startedMs,
      overMs: nowMs - (this.#overSinceMs ?? nowMs),
    });
    return waitingBytes > MAX_INPUT_BYTES || waitingBytes > allowance * bytes;
  }

  /** Feeds the sound block of picture `index`. */
  sound(index: number, data: Buffer): void {
    const samples = samplesPerFrame(this.#options.format.fps);
    const first = index * samples;
    const cut = Math.min(samples, Math.max(0, this.#options.firstSample - first));
    if (cut === samples) return;
    const block = data.subarray(cut * BYTES_PER_SAMPLE_PAIR);
    this.#input.add(nutSoundHead(first + cut, block.length));
    this.#input.add(block);
  }

  /** Ends a run that is of no use any more; its owner sees a failure and starts another. */
  replace(): void {
    const pid = this.pid;
    if (pid !== undefined) process.kill(pid, "SIGKILL");
  }

  /** Ends the run at once. */
  kill(): void {
    this.#closed = true;
    this.#ffmpeg?.kill();
  }

  async #run(): Promise<FfmpegEnd> {
    const { rungs, directory } = this.#options;
    try {
      await Promise.all(rungs.map((rung) => this.#listen(rung.name, (socket) => this.#readVideo(rung.name, socket))));
      await this.#listen("audio", (socket) => this.#readAudio(socket));
      if (this.#closed) return { kind: "asked" };
      this.#ffmpeg = startFfmpeg(
        this.#input,
        ladderArguments({ ...this.#options, target: (name) => `unix:${join(directory, `${name}.sock`)}` }),
      );
      const end = await this.#ffmpeg.ended;
      // What the encoder had written before it ended is still in the sockets.
      await this.#drained();
      return end;
    } catch (error) {
      return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
    } finally {
      this.#input.destroy();
      for (const socket of this.#sockets) socket.destroy();
      for (const server of this.#servers) server.close();
    }
  }

  async #drained(): Promise<void> {
    const closed = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    await Promise.race([Promise.all(closed), new Promise((resolve) => setTimeout(resolve, 300).unref())]);
  }

  #listen(name: string, read: (socket: Socket) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.once("close", () => this.#sockets.delete(socket));
        read(socket);
      });
      this.#servers.push(server);
      server.once("error", reject);
      server.listen(join(this.#options.directory, `${name}.sock`), resolve);
    });
  }

  /** Output that is no FLV ends this run, as a crash of the encoder would, and nothing else. */
  #tags(reader: FlvReader, chunk: Buffer): readonly FlvTag[] {
    try {
      return reader.push(chunk);
    } catch {
      this.replace();
      return [];
    }
  }

  #readVideo(rung: string, socket: Socket): void {
    const reader = new FlvReader();
    const { fps } = this.#options.format;
    socket.on("data", (chunk: Buffer) => {
      for (const tag of this.#tags(reader, chunk)) {
        if (tag.type !== "video") continue;
        const video = parseVideoTag(tag.data);
        if (video.kind === "config") this.#options.output.videoConfig(rung, Buffer.from(video.config));
        if (video.kind !== "frame") continue;
        // FLV carries whole milliseconds; the program's pictures lie on an exact grid.
        const index = Math.round((tag.timestampMs * fps) / 1_000);
        this.#lastIndex.set(rung, index);
        this.#options.output.picture(rung, { index, key: video.key, data: video.data });
      }
    });
  }

  #readAudio(socket: Socket): void {
    const reader = new FlvReader();
    socket.on("data", (chunk: Buffer) => {
      for (const tag of this.#tags(reader, chunk)) {
        if (tag.type !== "audio") continue;
        const audio = parseAudioTag(tag.data);
        if (audio.kind === "config") this.#options.output.audioConfig(Buffer.from(audio.config));
        if (audio.kind === "frame") this.#options.output.sound(tag.timestampMs, audio.data);
      }
    });
  }
}

/** Sample at 48 kHz nearest to a time in milliseconds. */
export const sampleAt = (timestampMs: number): number => Math.round((timestampMs * SAMPLE_RATE) / 1_000);
