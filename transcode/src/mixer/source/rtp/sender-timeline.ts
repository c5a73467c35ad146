/**
 * One media time for all tracks of a WebRTC publisher. Sender reports put each track's timestamps on the publisher's
 * wall clock; until a track's first report its packets' times of arrival stand in, and the report then changes as
 * little as it can: the first of all changes nothing, those of other tracks move them by what arrivals got wrong.
 */
import type { HandoverTrack } from "@lianmai/ingest/rtp-handover";
import { type SenderReport, Unwrapper } from "./packet.ts";
import { PictureShift } from "./picture-shift.ts";

const MOST_REPORTS = 8;
/** Fewer, or closer, reports do not tell the rate of a clock. */
const LEAST_REPORTS = 4;
const LEAST_SPAN_MS = 4_000;
/** Rates further from the nominal are mistakes. */
const MOST_DRIFT = 0.001;
/**
 * A report this far from the line is the first on another one. Timestamps of sound count samples: a microphone that
 * stalls, or a browser without the time to read it, leaves a pause of which they know nothing, and other errors are a few
 * milliseconds. Those of pictures are read from a clock, but some senders report them by when a picture left.
 */
const STEP_MS = { audio: 20, video: 500 } as const;

interface Point {
  readonly ticks: number;
  readonly ntpMs: number;
}

interface Line {
  readonly ticks: number;
  readonly ntpMs: number;
  readonly msPerTick: number;
}

/** The publisher's wall clock against its media time, shared by its tracks. */
interface Shared {
  /** Media time minus wall time; null before the first report. */
  offsetMs: number | null;
  readonly pictures: PictureShift;
}

/** What tells how to read a track's timestamps. */
type Timed = Pick<HandoverTrack, "kind" | "clockRate">;

export class SenderTimeline {
  readonly #shared: Shared = { offsetMs: null, pictures: new PictureShift() };

  /** Another track of the same publisher. */
  track(track: Timed): TrackTimeline {
    return new TrackTimeline(track, this.#shared);
  }
}

export class TrackTimeline {
  readonly #kind: Timed["kind"];
  readonly #nominal: number;
  readonly #stepMs: number;
  readonly #shared: Shared;
  readonly #unwrapper = new Unwrapper({ bits: 32 });
  #points: Point[] = [];
  #line: Line | null = null;
  /** Media time at tick 0, by the least delayed arrival. */
  #arrivalOffsetMs: number | null = null;

  constructor({ kind, clockRate }: Timed, shared: Shared) {
    this.#kind = kind;
    this.#nominal = 1_000 / clockRate;
    this.#stepMs = STEP_MS[kind];
    this.#shared = shared;
  }

  /** Media time of a packet that arrives now. */
  arrive(timestamp: number, arrivalMs: number): number {
    const ticks = this.#unwrapper.unwrap(timestamp);
    const offsetMs = arrivalMs - ticks * this.#nominal;
    if (this.#line) this.#shared.offsetMs ??= arrivalMs - ntpAt(this.#line, ticks);
    else this.#arrivalOffsetMs = Math.min(this.#arrivalOffsetMs ?? offsetMs, offsetMs);
    const mediaMs = this.#mediaMs(ticks);
    if (this.#line) this.#shared.pictures.arrived(this.#kind, arrivalMs - mediaMs, arrivalMs);
    return mediaMs + this.#shiftMs;
  }

  /** Media time of a packet seen before. */
  mediaMs(timestamp: number): number {
    return this.#mediaMs(this.#unwrapper.unwrap(timestamp)) + this.#shiftMs;
  }

  report({ ntpMs, timestamp }: SenderReport): void {
    const ticks = this.#unwrapper.unwrap(timestamp);
    if (this.#line && Math.abs(ntpAt(this.#line, ticks) - ntpMs) > this.#stepMs) this.#points = [];
    if (this.#points.at(-1)?.ticks === ticks) return;
    this.#points.push({ ticks, ntpMs });
    if (this.#points.length > MOST_REPORTS) this.#points.shift();
    // A report may come before any packet: then the first of those ties media time to arrivals.
    if (this.#arrivalOffsetMs !== null) this.#shared.offsetMs ??= this.#mediaMs(ticks) - ntpMs;
    this.#line = lineThrough(this.#points, this.#nominal);
  }

  get #shiftMs(): number {
    return this.#kind === "video" ? this.#shared.pictures.ms : 0;
  }

  /** By the reports alone. */
  #mediaMs(ticks: number): number {
    if (this.#line && this.#shared.offsetMs !== null) return ntpAt(this.#line, ticks) + this.#shared.offsetMs;
    return ticks * this.#nominal + (this.#arrivalOffsetMs ?? 0);
  }
}

const ntpAt = (line: Line, ticks: number): number => line.ntpMs + (ticks - line.ticks) * line.msPerTick;

/** Least squares through the reports, at the nominal rate while they do not tell another. */
function lineThrough(points: readonly Point[], nominal: number): Line {
  const first = points[0] ?? { ticks: 0, ntpMs: 0 };
  const meanTicks = points.reduce((sum, { ticks }) => sum + ticks - first.ticks, 0) / points.length;
  const meanMs = points.reduce((sum, { ntpMs }) => sum + ntpMs - first.ntpMs, 0) / points.length;
  let covariance = 0;
  let variance = 0;
  for (const { ticks, ntpMs } of points) {
    covariance += (ticks - first.ticks - meanTicks) * (ntpMs - first.ntpMs - meanMs);
    variance += (ticks - first.ticks - meanTicks) ** 2;
  }
  const spanMs = (points.at(-1)?.ntpMs ?? 0) - first.ntpMs;
  const measured =
    points.length >= LEAST_REPORTS && spanMs >= LEAST_SPAN_MS && variance > 0 ? covariance / variance : nominal;
  const msPerTick = Math.abs(measured / nominal - 1) <= MOST_DRIFT ? measured : nominal;
  return { ticks: first.ticks + meanTicks, ntpMs: first.ntpMs + meanMs, msPerTick };
}
