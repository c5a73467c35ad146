/** Follows a media playlist as an LL-HLS client does and keeps every part, to be looked at with ffprobe. */
import { spawnSync } from "node:child_process";
import { readSampleTimes } from "./sample-times.ts";

export interface Recording {
  /** Every part's URI, in order, without repeats. */
  readonly parts: readonly string[];
  /** Program date time of the first part, milliseconds; NaN without parts. */
  readonly startsAtMs: number;
  /** Of each part, in order: its program date time, and when all of it had come, both milliseconds since the epoch. */
  readonly arrivals: readonly { readonly atMs: number; readonly cameMs: number }[];
  /** URIs of the parts that were listed as gaps. */
  readonly gaps: readonly string[];
  /** Media sequence number of each segment seen complete, in order. */
  readonly segments: readonly number[];
  readonly discontinuities: number;
  readonly ended: boolean;
  /** What requests that were tried again failed with. */
  readonly failures: readonly string[];
  /** Init segment and parts in one. */
  bytes(): Buffer;
}

export interface Recorder {
  stop(): Promise<Recording>;
}

interface ListedPart {
  readonly uri: string;
  readonly msn: number;
  readonly part: number;
  /** Its program date time, milliseconds. */
  readonly atMs: number;
  /** Listed, but not there to be loaded. */
  readonly gap: boolean;
}

interface PlaylistView {
  readonly map: string;
  readonly parts: readonly ListedPart[];
  readonly complete: readonly number[];
  readonly discontinuities: number;
  /** EXT-X-DISCONTINUITY tags listed. */
  readonly marks: number;
  readonly ended: boolean;
}

const number = (text: string, tag: string): number => Number(new RegExp(`#${tag}:(\\d+)`).exec(text)?.[1] ?? 0);
const uri = (text: string, tag: string): string => new RegExp(`#${tag}:.*?URI="([^"]+)"`).exec(text)?.[1] ?? "";

const DATE_TIME = "#EXT-X-PROGRAM-DATE-TIME:";

/** Reads what a recorder needs of a media playlist. */
export function readPlaylist(text: string): PlaylistView {
  const first = number(text, "EXT-X-MEDIA-SEQUENCE");
  const lines = text.split("\n");
  const parts: ListedPart[] = [];
  let complete = 0;
  let part = 0;
  let atMs = Number.NaN;
  for (const line of lines) {
    if (line.startsWith(DATE_TIME)) atMs = Date.parse(line.slice(DATE_TIME.length));
    if (line.startsWith("#EXT-X-PART:")) {
      const gap = line.includes("GAP=YES");
      parts.push({ uri: uri(line, "EXT-X-PART"), msn: first + complete, part: part++, atMs, gap });
      atMs += Number(/DURATION=([\d.]+)/.exec(line)?.[1] ?? 0) * 1_000;
    }
    if (line === "" || line.startsWith("#")) continue;
    complete++;
    part = 0;
  }
  const marks = lines.filter((line) => line === "#EXT-X-DISCONTINUITY").length;
  return {
    map: uri(text, "EXT-X-MAP"),
    parts,
    complete: Array.from({ length: complete }, (_, at) => first + at),
    discontinuities: number(text, "EXT-X-DISCONTINUITY-SEQUENCE") + marks,
    marks,
    ended: text.includes("#EXT-X-ENDLIST"),
  };
}

class Follower implements Recorder {
  readonly #url: string;
  readonly #seen = new Map<string, Buffer>();
  readonly #arrivals: { readonly atMs: number; readonly cameMs: number }[] = [];
  readonly #gaps = new Set<string>();
  readonly #segments = new Set<number>();
  readonly #failures: string[] = [];
  readonly #done: Promise<void>;
  readonly #fromNext: boolean;
  #firstMsn: number | null = null;
  #init: Buffer | null = null;
  #startsAtMs = Number.NaN;
  #discontinuities = 0;
  #ended = false;
  #stopped = false;
  #next: { readonly msn: number; readonly part: number } | null = null;

  constructor(url: string, options: { readonly fromNext: boolean }) {
    this.#url = url;
    this.#fromNext = options.fromNext;
    this.#done = this.#follow();
  }

  async stop(): Promise<Recording> {
    this.#stopped = true;
    await this.#done;
    return {
      parts: [...this.#seen.keys()],
      startsAtMs: this.#startsAtMs,
      arrivals: this.#arrivals,
      gaps: [...this.#gaps],
      segments: [...this.#segments].sort((a, b) => a - b),
      discontinuities: this.#discontinuities,
      ended: this.#ended,
      failures: this.#failures,
      bytes: () => Buffer.concat([this.#init ?? Buffer.alloc(0), ...this.#seen.values()]),
    };
  }

  async #follow(): Promise<void> {
    while (!this.#stopped && !this.#ended) {
      try {
        await this.#step();
      } catch (error) {
        this.#failures.push(String(error));
        this.#next = null;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  async #take({ uri: part, atMs, gap }: ListedPart): Promise<void> {
    if (gap) this.#gaps.add(part);
    if (gap || this.#seen.has(part)) return;
    if (this.#seen.size === 0) this.#startsAtMs = atMs;
    this.#seen.set(part, await fetchBytes(new URL(part, this.#url).href));
    this.#arrivals.push({ atMs, cameMs: Date.now() });
  }

  async #step(): Promise<void> {
    const query = this.#next ? `?_HLS_msn=${this.#next.msn}&_HLS_part=${this.#next.part}` : "";
    const view = readPlaylist((await fetchBytes(this.#url + query)).toString());
    this.#init ??= await fetchBytes(new URL(view.map, this.#url).href);
    this.#firstMsn ??= this.#fromNext ? (view.parts.at(-1)?.msn ?? -1) + 1 : 0;
    for (const part of view.parts) if (part.msn >= this.#firstMsn) await this.#take(part);
    for (const msn of view.complete) if (msn >= this.#firstMsn) this.#segments.add(msn);
    this.#discontinuities = Math.max(this.#discontinuities, view.discontinuities);
    this.#ended = view.ended;
    const last = view.parts.at(-1);
    // A finished segment's next part is the first of its successor: the server reads it so.
    this.#next = last ? { msn: last.msn, part: last.part + 1 } : null;
  }
}

async function fetchBytes(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

/**
 * Starts to follow `playlistUrl`; keeps going through failures until stopped or ENDLIST. `fromNext`: with the next
 * segment, not with the oldest listed part.
 */
export const record = (playlistUrl: string, options: { readonly fromNext?: boolean } = {}): Recorder =>
  new Follower(playlistUrl, { fromNext: options.fromNext ?? false });

/** One packet, times in the track's own ticks. */
export interface Packet {
  readonly track: "video" | "audio";
  readonly dts: number;
  readonly duration: number;
  readonly key: boolean;
}

/**
 * The packets of an fMP4, by ffprobe, which has to find those that the fragments say there are, when they say; how long
 * they last is known from the fragments alone. Throws when ffprobe reports anything wrong.
 */
export function probePackets(file: Buffer): readonly Packet[] {
  const run = spawnSync(
    "ffprobe",
    ["-v", "warning", "-show_entries", "packet=codec_type,dts,flags", "-of", "compact=p=0:nk=0", "-i", "pipe:0"],
    { input: file, encoding: "utf8", maxBuffer: 1 << 28 },
  );
  if (run.stderr.trim() !== "") throw new Error(`ffprobe: ${run.stderr.slice(0, 500)}`);
  const times = readSampleTimes(file);
  const next = { video: 0, audio: 0 };
  const packets = run.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Object.fromEntries(line.split("|").map((field) => field.split("=") as [string, string])))
    .map((fields) => {
      const track = fields.codec_type === "audio" ? "audio" : "video";
      const at = next[track]++;
      const stated = times[track][at];
      if (stated?.dts !== Number(fields.dts)) {
        throw new Error(`${track} packet ${at} is at ${fields.dts} for ffprobe, at ${stated?.dts} in its fragment`);
      }
      return { track, ...stated, key: (fields.flags ?? "").startsWith("K") } as const;
    });
  if (packets.length !== times.video.length + times.audio.length) throw new Error("ffprobe found less than there is");
  return packets;
}

/**
 * Packets of one track that do not begin where the one before ended, and those that last longer than usual: what should
 * have followed was left out.
 */
export function timeBreaks(packets: readonly Packet[], track: Packet["track"]): readonly string[] {
  const own = packets.filter((packet) => packet.track === track);
  const usual = median(own.map(({ duration }) => duration));
  return own.flatMap(({ dts, duration }, at) => {
    const next = own[at + 1];
    const step = (next?.dts ?? dts + duration) - dts;
    return [
      ...(step === duration ? [] : [`${track} packet ${at + 1}: step ${step} after a duration of ${duration}`]),
      ...(duration > usual ? [`${track} packet ${at} lasts ${duration} instead of ${usual}`] : []),
    ];
  });
}

/** Packets of one track that last longer than usual, in usual durations too many: pictures that an encoder left out. */
export function leftOut(packets: readonly Packet[], track: Packet["track"]): number {
  const durations = packets.filter((packet) => packet.track === track).map(({ duration }) => duration);
  const usual = median(durations);
  return durations.reduce((sum, duration) => sum + Math.max(0, Math.round(duration / usual) - 1), 0);
}

/** The value in the middle; 0 for none. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
