/** The pictures of a source: packets wait, are decoded while there is room, and are chosen by their due time. */
import { AvError } from "../av/node-av.ts";
import { type Picture, VideoDecoder } from "../av/video-decoder.ts";
import { stepsToTake } from "../picture/choose-picture.ts";
import type { PictureChoice } from "./source.ts";

/** Decoded pictures held at most, the one on display included. */
export const MAX_PICTURES = 16;
/** Packets held at most; beyond, everything before the newest keyframe goes. */
const MAX_PACKETS = 2_400;
const MAX_PACKET_BYTES = 48 * 1024 * 1024;
/** Decoding this far behind gives up everything before a later keyframe. */
const MAX_BACKLOG_MS = 1_500;
const MAX_WIDTH = 4_096;
const MAX_HEIGHT = 2_304;
const MIN_SIDE = 16;
/** Keyframes refused in a row before the source counts as undecodable. */
const MAX_REFUSED_KEYS = 3;
const INTERVALS = 31;
const KEY_WAIT_MS = 5_000;

/** One access unit as in FLV. */
export interface VideoPacket {
  readonly data: Buffer;
  readonly key: boolean;
  /** Presentation, on the source's media time. */
  readonly mediaMs: number;
  readonly arrivedMs: number;
}

type Queued = ({ readonly kind: "packet" } & VideoPacket) | ({ readonly kind: "config" } & VideoConfig);

/** Decoder configuration as in FLV; empty when it comes in band. */
export interface VideoConfig {
  readonly codec: "h264" | "hevc" | "av1" | "vp8";
  readonly config: Buffer;
}

interface Held {
  readonly picture: Picture;
  readonly mediaMs: number;
  readonly arrivedMs: number;
}

/** When a picture came out of the decoder, and when the packet that pushed it out had arrived. */
interface DecodedAt {
  readonly mediaMs: number;
  readonly atMs: number;
  readonly fedMs: number;
}

/** Where the track asks and tells. */
export interface VideoTrackOptions {
  readonly threads: (config: VideoConfig) => number;
  readonly dueMs: (mediaMs: number) => number;
  readonly onDecoded: (picture: Picture, held: DecodedAt) => void;
  readonly onRefused: (reason: string) => void;
}

export class VideoTrack {
  readonly #options: VideoTrackOptions;
  readonly #queue: Queued[] = [];
  #queueBytes = 0;
  #decoder: VideoDecoder | null = null;
  #config: VideoConfig | null = null;
  #needsKey = true;
  /** Media time of the last damaged packet of this stream. */
  #failedMs: number | null = null;
  #refusedKeys = 0;
  #waiting: Held[] = [];
  #shown: Held | null = null;
  readonly #arrivals = new Map<number, number>();
  readonly #intervals: number[] = [];
  #lastPtsMs: number | null = null;
  #errors = 0;
  #dropped = 0;
  #isRefused = false;

  constructor(options: VideoTrackOptions) {
    this.#options = options;
  }

  get errors(): number {
    return this.#errors;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get headerFps(): number {
    return this.#decoder?.headerFps ?? 0;
  }

  /** Median of the last intervals between decoded pictures; 0 before there are enough. */
  get intervalMs(): number {
    if (this.#intervals.length < 8) return 0;
    const sorted = this.#intervals.toSorted((a, b) => a - b);
    // Timestamps are whole milliseconds: the mean of the middle half is finer than the median.
    const middle = sorted.slice(Math.floor(sorted.length / 4), Math.ceil((sorted.length * 3) / 4));
    return middle.reduce((sum, value) => sum + value, 0) / middle.length;
  }

  configure(config: VideoConfig): void {
    this.#queue.push({ kind: "config", codec: config.codec, config: Buffer.from(config.config) });
  }

  push(packet: VideoPacket): void {
    if (this.#isRefused) return;
    this.#queue.push({ kind: "packet", ...packet });
    this.#queueBytes += packet.data.length;
    if (this.#queue.length > MAX_PACKETS || this.#queueBytes > MAX_PACKET_BYTES) this.#dropToKey(true);
    else if (packet.key && this.#isBehind(packet.arrivedMs)) this.#dropToKey(false);
  }

  /** Decodes until the queue is empty, the pictures are full or the budget is spent. True when more waits. */
  pump(options: { readonly nowMs: () => number; readonly budgetMs: number }): boolean {
    const untilMs = options.nowMs() + options.budgetMs;
    while (this.#queue.length > 0 && !this.#isRefused) {
      const nowMs = options.nowMs();
      if (nowMs > untilMs) return true;
      if (!this.#makeRoom(nowMs)) return false;
      const next = this.#queue.shift();
      if (next?.kind === "config") this.#open(next);
      else if (next) {
        this.#queueBytes -= next.data.length;
        this.#decode(next, options.nowMs);
      }
    }
    return false;
  }

  /** The picture for a program picture due at `dueMs`; `lagMs` shifts all playout times. */
  choose(dueMs: number, options: { readonly fps: number; readonly lagMs: number }): PictureChoice {
    const playoutsMs = this.#waiting.map((held) => this.#options.dueMs(held.mediaMs) + options.lagMs);
    const intervalMs = this.intervalMs;
    const usual = intervalMs > 0 ? Math.max(1, Math.round(1_000 / options.fps / intervalMs)) : 1;
    const steps = stepsToTake(playoutsMs, { dueMs, usual });
    for (let i = 0; i < steps; i++) {
      this.#shown?.picture.release();
      this.#shown = this.#waiting.shift() ?? null;
    }
    return { picture: this.#shown?.picture ?? null, steps, arrivedMs: this.#shown?.arrivedMs ?? 0 };
  }

  /** Starts over for a new connection; the picture on display stays. */
  restart(): void {
    this.#queue.length = 0;
    this.#queueBytes = 0;
    this.#decoder?.close();
    this.#decoder = null;
    this.#config = null;
    this.#needsKey = true;
    this.#lastPtsMs = null;
    this.#failedMs = null;
    this.#arrivals.clear();
    for (const held of this.#waiting.splice(0)) held.picture.release();
  }

  close(): void {
    this.restart();
    this.#isRefused = true;
    this.#shown?.picture.release();
    this.#shown = null;
  }

  #isBehind(nowMs: number): boolean {
    const oldest = this.#queue.find((queued) => queued.kind === "packet");
    if (oldest?.kind !== "packet") return false;
    return nowMs - Math.max(oldest.arrivedMs, this.#options.dueMs(oldest.mediaMs)) > MAX_BACKLOG_MS;
  }

  /** Drops the packets before the last keyframe; with none, everything when `orAll`. */
  #dropToKey(orAll: boolean): void {
    let from = this.#queue.findLastIndex((queued) => queued.kind === "packet" && queued.key);
    if (from <= 0 && orAll) from = this.#queue.length;
    const dropped = this.#queue.splice(0, Math.max(0, from));
    for (const queued of dropped) {
      // A configuration is needed by what follows.
      if (queued.kind === "config") this.#open(queued);
      else {
        this.#queueBytes -= queued.data.length;
        this.#dropped++;
      }
    }
    if (dropped.length > 0) this.#needsKey = true;
  }

  /** True when one more picture may be decoded; gives up pictures whose successor is due already. */
  #makeRoom(nowMs: number): boolean {
    const room = this.#shown ? MAX_PICTURES - 1 : MAX_PICTURES;
    while (this.#waiting.length >= room) {
      const successor = this.#waiting[1];
      if (!successor || this.#options.dueMs(successor.mediaMs) > nowMs) return false;
      this.#waiting.shift()?.picture.release();
      this.#dropped++;
    }
    return true;
  }

  #open(config: VideoConfig): void {
    const same = this.#decoder && this.#config?.codec === config.codec && this.#config.config.equals(config.config);
    if (same) return;
    this.#decoder?.finish();
    const lastMs = this.#waiting.at(-1)?.arrivedMs ?? 0;
    this.#drain(() => lastMs, lastMs);
    this.#decoder?.close();
    this.#decoder = null;
    this.#config = config;
    this.#needsKey = true;
    try {
      this.#decoder = new VideoDecoder({ ...config, threads: this.#options.threads(config) });
    } catch (error) {
      if (!(error instanceof AvError)) throw error;
      this.#errors++;
    }
  }

  #decode(packet: VideoPacket, nowMs: () => number): void {
    if (!this.#decoder || !this.#mayDecode(packet)) return;
    if (this.#needsKey && packet.key) this.#decoder.flush();
    this.#needsKey = false;
    this.#arrivals.set(Math.round(packet.mediaMs * 1_000), packet.arrivedMs);
    if (this.#arrivals.size > 64) this.#arrivals.delete(this.#arrivals.keys().next().value ?? 0);
    const sent = this.#decoder.send(packet.data, packet.mediaMs * 1_000);
    const received = this.#drain(nowMs, packet.arrivedMs);
    if (sent) {
      if (received) this.#refusedKeys = 0;
      return;
    }
    this.#errors++;
    this.#needsKey = true;
    this.#failedMs = packet.mediaMs;
    if (packet.key && ++this.#refusedKeys >= MAX_REFUSED_KEYS) this.#refuse("undecodable");
  }

  /** Starts at a keyframe; after an error it is waited for only so long, as some encoders send none again. */
  #mayDecode(packet: VideoPacket): boolean {
    if (!this.#needsKey || packet.key) return true;
    return this.#failedMs !== null && packet.mediaMs - this.#failedMs > KEY_WAIT_MS;
  }

  #drain(nowMs: () => number, fedMs: number): boolean {
    let received = false;
    for (let picture = this.#decoder?.receive(); picture; picture = this.#decoder?.receive()) {
      received = true;
      if (!hasAllowedSize(picture)) {
        const size = `${picture.width}x${picture.height}`;
        picture.release();
        this.#refuse(`picture size ${size} is not supported`);
        return received;
      }
      this.#hold(picture, nowMs(), fedMs);
    }
    return received;
  }

  #hold(picture: Picture, atMs: number, fedMs: number): void {
    const mediaMs = picture.ptsUs / 1_000;
    const arrivedMs = this.#arrivals.get(picture.ptsUs) ?? atMs;
    this.#arrivals.delete(picture.ptsUs);
    const last = this.#waiting.at(-1);
    // After a jump back in time, what waits with later times would never be passed.
    if (last && mediaMs <= last.mediaMs)
      this.#waiting = this.#waiting.filter((held) => this.#keepBefore(held, mediaMs));
    if (this.#lastPtsMs !== null && mediaMs > this.#lastPtsMs) this.#noteInterval(mediaMs - this.#lastPtsMs);
    this.#lastPtsMs = mediaMs;
    this.#waiting.push({ picture, mediaMs, arrivedMs });
    this.#options.onDecoded(picture, { mediaMs, atMs, fedMs });
  }

  #keepBefore(held: Held, mediaMs: number): boolean {
    if (held.mediaMs < mediaMs) return true;
    held.picture.release();
    this.#dropped++;
    return false;
  }

  #noteInterval(intervalMs: number): void {
    this.#intervals.push(intervalMs);
    if (this.#intervals.length > INTERVALS) this.#intervals.shift();
  }

  #refuse(reason: string): void {
    this.#isRefused = true;
    this.#queue.length = 0;
    this.#queueBytes = 0;
    this.#options.onRefused(reason);
  }
}

/** Portrait pictures may be as large as landscape ones; both sides must be even and not tiny. */
function hasAllowedSize({ width, height }: Picture): boolean {
  const long = Math.max(width, height);
  const short = Math.min(width, height);
  return short >= MIN_SIDE && long <= MAX_WIDTH && short <= MAX_HEIGHT && width % 2 === 0 && height % 2 === 0;
}
