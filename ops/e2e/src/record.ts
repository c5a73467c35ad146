/** Follows a media playlist as an LL-HLS client does and keeps every part, to be looked at with ffprobe. */
import { spawnSync } from "node:child_process";

export interface Recording {
  /** Every part's URI, in order, without repeats. */
  readonly parts: readonly string[];
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

interface PlaylistView {
  readonly map: string;
  readonly parts: readonly { readonly uri: string; readonly msn: number; readonly part: number }[];
  readonly complete: readonly number[];
  readonly discontinuities: number;
  readonly ended: boolean;
}

const number = (text: string, tag: string): number => Number(new RegExp(`#${tag}:(\\d+)`).exec(text)?.[1] ?? 0);
const uri = (text: string, tag: string): string => new RegExp(`#${tag}:.*?URI="([^"]+)"`).exec(text)?.[1] ?? "";

/** Reads what a recorder needs of a media playlist. */
export function readPlaylist(text: string): PlaylistView {
  const first = number(text, "EXT-X-MEDIA-SEQUENCE");
  const lines = text.split("\n");
  const parts: { readonly uri: string; readonly msn: number; readonly part: number }[] = [];
  let complete = 0;
  let part = 0;
  for (const line of lines) {
    const isPart = line.startsWith("#EXT-X-PART:");
    if (isPart) parts.push({ uri: uri(line, "EXT-X-PART"), msn: first + complete, part: part++ });
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
    ended: text.includes("#EXT-X-ENDLIST"),
  };
}

class Follower implements Recorder {
  readonly #url: string;
  readonly #seen = new Map<string, Buffer>();
  readonly #segments = new Set<number>();
  readonly #failures: string[] = [];
  readonly #done: Promise<void>;
  #init: Buffer | null = null;
  #discontinuities = 0;
  #ended = false;
  #stopped = false;
  #next: { readonly msn: number; readonly part: number } | null = null;

  constructor(url: string) {
    this.#url = url;
    this.#done = this.#follow();
  }

  async stop(): Promise<Recording> {
    this.#stopped = true;
    await this.#done;
    return {
      parts: [...this.#seen.keys()],
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

  async #step(): Promise<void> {
    const query = this.#next ? `?_HLS_msn=${this.#next.msn}&_HLS_part=${this.#next.part}` : "";
    const view = readPlaylist((await fetchBytes(this.#url + query)).toString());
    this.#init ??= await fetchBytes(new URL(view.map, this.#url).href);
    for (const { uri: part } of view.parts) {
      if (!this.#seen.has(part)) this.#seen.set(part, await fetchBytes(new URL(part, this.#url).href));
    }
    for (const msn of view.complete) this.#segments.add(msn);
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

/** Starts to follow `playlistUrl`; keeps going through failures until stopped or ENDLIST. */
export const record = (playlistUrl: string): Recorder => new Follower(playlistUrl);

/** One packet as ffprobe reads it, times in the track's own ticks. */
export interface Packet {
  readonly track: "video" | "audio";
  readonly dts: number;
  readonly duration: number;
  readonly key: boolean;
}

/** The packets of an fMP4, by ffprobe. Throws when ffprobe reports anything wrong. */
export function probePackets(file: Buffer): readonly Packet[] {
  const run = spawnSync(
    "ffprobe",
    [
      "-v",
      "warning",
      "-show_entries",
      "packet=codec_type,dts,duration,flags",
      "-of",
      "compact=p=0:nk=0",
      "-i",
      "pipe:0",
    ],
    { input: file, encoding: "utf8", maxBuffer: 1 << 28 },
  );
  if (run.stderr.trim() !== "") throw new Error(`ffprobe: ${run.stderr.slice(0, 500)}`);
  return run.stdout
    .trim()
    .split("\n")
    .map((line) => Object.fromEntries(line.split("|").map((field) => field.split("=") as [string, string])))
    .map((fields) => ({
      track: fields.codec_type === "audio" ? "audio" : "video",
      dts: Number(fields.dts),
      duration: Number(fields.duration),
      key: (fields.flags ?? "").startsWith("K"),
    }));
}

/** Steps between packets of one track that are not its usual duration: index, expected and found. */
export function timeBreaks(packets: readonly Packet[], track: Packet["track"]): readonly string[] {
  const times = packets.filter((packet) => packet.track === track).map((packet) => packet.dts);
  const usual = median(times.slice(1).map((time, at) => time - (times[at] ?? 0)));
  return times.slice(1).flatMap((time, at) => {
    const step = time - (times[at] ?? 0);
    return step === usual ? [] : [`${track} packet ${at + 1}: step ${step} instead of ${usual}`];
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
