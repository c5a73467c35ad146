/** One rung as the origin serves it: its window, its initialization segments, its playlist. */
import type { Rung } from "../contract.ts";
import { aacCodecName, avcCodecName } from "../pack/codec-names.ts";
import { firstPictureOfPart, type Grid, msnOfPart } from "../pack/grid.ts";
import { writeInitSegment } from "../pack/init-segment.ts";
import type { PackedPart } from "../pack/pack-parts.ts";
import type { PlaylistHead } from "./blocking-reload.ts";
import { listedSeconds } from "./listed-durations.ts";
import {
  type DateRange,
  type MediaPlaylist,
  type PlaylistSegment,
  type RenditionReport,
  SKIP_BOUNDARY_TARGET_DURATIONS,
  writeMediaPlaylist,
} from "./media-playlist.ts";
import type { Variant } from "./multivariant-playlist.ts";
import { Rendered } from "./rendered.ts";
import { SEGMENTS_WITH_PARTS, segmentSeconds, Window, type WindowLimits, type WindowSegment } from "./window.ts";

/** What a rendition needs to know of its program. */
export interface RenditionContext {
  readonly grid: Grid;
  readonly epoch: number;
  /** Wall time of the program's zero. */
  readonly startedAtMs: number;
  /** First part of the epoch; renditions that start later have gaps up to theirs. */
  readonly firstPart: number;
  readonly discontinuitySequence: number;
  readonly limits: Omit<WindowLimits, "targetDurationSeconds">;
  /** Whether a segment begins with a discontinuity. */
  readonly discontinuousAt: (msn: number) => boolean;
  /** What holds from this wall time on. */
  readonly dateRanges: (fromMs: number) => readonly DateRange[];
  /** For the other renditions' last parts. */
  readonly reports: (of: Rendition) => readonly RenditionReport[];
}

/** Peak over target where nothing is measured yet: the encoders' cap, plus headers. */
const PEAK_SHARE = 1.2;

export class Rendition {
  readonly rung: Rung;
  readonly window: Window;
  readonly #context: RenditionContext;
  readonly #inits: Buffer[] = [];
  readonly #codecs: string[][] = [];
  #setup = "";
  #next: number;
  #gone = false;
  #ended = false;
  #full: Rendered | null = null;
  #delta: Rendered | null = null;

  constructor(rung: Rung, context: RenditionContext) {
    this.rung = rung;
    this.#context = context;
    this.#next = context.firstPart;
    this.window = new Window({
      ...context.limits,
      targetDurationSeconds: context.grid.targetDurationSeconds,
      discontinuitySequence: context.discontinuitySequence,
    });
  }

  get name(): string {
    return this.rung.name;
  }

  /** Given up: answered with 404 from now on. */
  get gone(): boolean {
    return this.#gone;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether a segment was completed: hls.js takes a playlist of parts alone for an empty one. */
  get started(): boolean {
    return this.window.segments.some((segment) => segment.complete) || this.#ended;
  }

  /** Number of the part that comes next: the one hinted. */
  get nextPart(): number {
    return this.#next;
  }

  /** Null before the first part. */
  get head(): PlaylistHead | null {
    const last = this.window.segments.at(-1);
    return last ? { msn: last.msn, parts: last.parts.length, complete: last.complete } : null;
  }

  /** Sets what the tracks are from the next segment on. True when that differs from before. */
  configure(setup: { readonly avcC: Buffer | null; readonly audioConfig: Buffer }): boolean {
    const key = `${setup.avcC?.toString("base64") ?? ""} ${setup.audioConfig.toString("base64")}`;
    if (key === this.#setup) return false;
    const { width, height } = this.rung;
    const video = setup.avcC && { width, height, avcC: setup.avcC };
    this.#codecs.push([...(setup.avcC ? [avcCodecName(setup.avcC)] : []), aacCodecName(setup.audioConfig)]);
    this.#inits.push(writeInitSegment({ video, audio: { config: setup.audioConfig } }));
    this.#setup = key;
    return true;
  }

  init(number: number): Buffer | null {
    return this.#inits[number] ?? null;
  }

  /** Adds a part, and gaps for the parts missing before it. False when it comes too late to be used. */
  add(packed: PackedPart, nowMs: number): boolean {
    const { grid } = this.#context;
    if (packed.part < this.#next || this.#gone || this.#ended) return false;
    const missing = packed.part - this.#next;
    const longest = grid.partsPerSegment * Math.ceil(this.window.segments.length + 1);
    if (missing > longest) this.#jumpTo(packed.part, nowMs);
    while (this.#next < packed.part) {
      this.#append({ part: this.#next, frames: grid.partFrames, independent: false, bytes: null }, nowMs);
    }
    this.#append(packed, nowMs);
    return true;
  }

  /** Completes the open segment, short if need be, and goes on at `part`. */
  breakAt(part: number, nowMs: number): void {
    this.window.completeSegment(nowMs);
    this.#next = Math.max(this.#next, part);
    this.#changed();
  }

  /** The last segment is closed and the playlist ends. */
  end(nowMs: number): void {
    this.window.completeSegment(nowMs);
    this.#ended = true;
    this.#changed();
  }

  giveUp(): void {
    this.#gone = true;
  }

  /** The newest playlist; `delta` where it would skip anything, else the full one. */
  playlist(delta: boolean): Rendered {
    const skipped = delta && !this.#ended ? this.#skippable() : 0;
    if (skipped === 0) {
      this.#full ??= new Rendered(writeMediaPlaylist(this.#model(0)));
      return this.#full;
    }
    this.#delta ??= new Rendered(writeMediaPlaylist(this.#model(skipped)));
    return this.#delta;
  }

  /** For the multivariant playlist; null before the first part. Rates are measured where a segment is complete. */
  variant(uri: string): Variant | null {
    const head = this.window.segments.at(-1);
    if (!head) return null;
    const { rung } = this;
    const target = rung.videoBitsPerSecond + rung.audioBitsPerSecond;
    const rates = this.window.segments.filter((segment) => segment.complete).map(bitsPerSecond);
    return {
      uri,
      peakBitsPerSecond: Math.max(target * PEAK_SHARE, ...rates),
      averageBitsPerSecond: rates.length ? rates.reduce((sum, rate) => sum + rate, 0) / rates.length : target,
      codecs: this.#codecs[head.init] ?? [],
      width: rung.width,
      height: rung.height,
      fps: rung.fps,
    };
  }

  #append(part: Omit<PackedPart, "bytes"> & { readonly bytes: Buffer | null }, nowMs: number): void {
    const { grid, startedAtMs, discontinuousAt } = this.#context;
    const msn = msnOfPart(grid, part.part);
    const short = part.frames < grid.partFrames;
    if (!this.window.open) {
      this.window.openSegment({
        msn,
        startMs: startedAtMs + Math.round((firstPictureOfPart(grid, part.part) * 1_000) / grid.fps),
        discontinuity: discontinuousAt(msn),
        init: this.#inits.length - 1,
      });
    }
    this.window.addPart({
      number: part.part,
      seconds: part.frames / grid.fps,
      independent: part.independent,
      bytes: part.bytes,
    });
    this.#next = short ? (msn + 1) * grid.partsPerSegment : part.part + 1;
    if (short || msnOfPart(grid, this.#next) !== msn) this.window.completeSegment(nowMs);
    this.#changed();
  }

  /** Further than the window is long: nothing of it would stay listed, so nothing is filled in before that segment. */
  #jumpTo(part: number, nowMs: number): void {
    const { grid, discontinuousAt } = this.#context;
    const target = msnOfPart(grid, part);
    let skipped = 0;
    for (let msn = (this.head?.msn ?? msnOfPart(grid, this.#next) - 1) + 1; msn < target; msn++) {
      if (discontinuousAt(msn)) skipped++;
    }
    this.window.clear(nowMs);
    this.window.skipDiscontinuities(skipped);
    this.#next = target * grid.partsPerSegment;
  }

  #changed(): void {
    this.#full = null;
    this.#delta = null;
  }

  /** Spec: rfc8216bis 6.2.5.1. Segments that lie wholly before the Skip Boundary. */
  #skippable(): number {
    const { targetDurationSeconds } = this.#context.grid;
    const complete = this.window.segments.filter((segment) => segment.complete);
    let behind = complete.reduce((sum, segment) => sum + segmentSeconds(segment), 0);
    let skipped = 0;
    for (const segment of complete) {
      behind -= segmentSeconds(segment);
      if (behind < SKIP_BOUNDARY_TARGET_DURATIONS * targetDurationSeconds - 1e-6) break;
      skipped++;
    }
    return skipped;
  }

  #model(skipped: number): MediaPlaylist {
    const { grid, reports, epoch } = this.#context;
    const { segments } = this.window;
    const completeCount = segments.filter((segment) => segment.complete).length;
    return {
      targetDurationSeconds: grid.targetDurationSeconds,
      partTargetSeconds: grid.partSeconds,
      mediaSequence: segments[0]?.msn ?? 0,
      discontinuitySequence: this.window.discontinuitySequence,
      skippedSegments: skipped,
      segments: segments
        .map((segment, at) =>
          this.#segmentModel(segment, segments[at - 1] ?? null, at >= completeCount - SEGMENTS_WITH_PARTS),
        )
        .slice(skipped),
      dateRanges: this.#context.dateRanges(segments[0]?.startMs ?? 0),
      preloadHintUri: this.#ended ? null : `p${epoch}-${this.#next}.m4s`,
      reports: reports(this),
      ended: this.#ended,
    };
  }

  #segmentModel(segment: WindowSegment, before: WindowSegment | null, withParts: boolean): PlaylistSegment {
    const { epoch, grid } = this.#context;
    const seconds = listedSeconds(grid, segment.parts);
    return {
      uri: segment.complete ? `s${epoch}-${segment.msn}.m4s` : null,
      seconds: seconds.reduce((sum, part) => sum + part, 0),
      programDateTimeMs: segment.startMs,
      discontinuity: segment.discontinuity,
      mapUri: before?.init === segment.init ? null : initUri(epoch, segment.init),
      gap: segment.parts.every((part) => part.bytes === null),
      parts: withParts
        ? segment.parts.map((part, at) => ({
            uri: `p${epoch}-${part.number}.m4s`,
            seconds: seconds[at] ?? 0,
            independent: part.independent,
            gap: part.bytes === null,
          }))
        : [],
    };
  }
}

/** Name of an initialization segment: the first of an epoch has no number. */
export const initUri = (epoch: number, number: number): string =>
  number === 0 ? `i${epoch}.mp4` : `i${epoch}-${number}.mp4`;

function bitsPerSecond(segment: WindowSegment): number {
  const bytes = segment.parts.reduce((sum, part) => sum + (part.bytes?.length ?? 0), 0);
  return (bytes * 8) / segmentSeconds(segment);
}
