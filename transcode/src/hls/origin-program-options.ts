/** What an origin program is made from, and what it tells. */
import type { Clock } from "@lianmai/process";
import type { ProgramFormat, Rung } from "../contract.ts";
import type { DateRange } from "./media-playlist.ts";
import type { Rendition } from "./rendition.ts";

/** A part as it goes public, for measuring, recording and tests. */
export interface PublishedPart {
  readonly room: string;
  readonly programId: string;
  readonly rung: string;
  readonly msn: number;
  /** Number in the program, as in the part's URI. */
  readonly part: number;
  readonly partInSegment: number;
  readonly seconds: number;
  readonly independent: boolean;
  readonly bytes: Buffer;
  readonly publishedAtMs: number;
  /** From the end of the part's time, by the program's own clock, to now. */
  readonly delayMs: number;
}

export interface OriginProgramOptions {
  readonly room: string;
  readonly programId: string;
  readonly epoch: number;
  readonly format: ProgramFormat;
  readonly partFrames: number;
  readonly gopFrames: number;
  readonly segmentFrames: number;
  /** Width 0: audio only. Without one, there is no audio-only rendition. */
  readonly rungs: readonly Rung[];
  /** Wall time of the program's zero. */
  readonly startedAtMs: number;
  /** First picture of this epoch; a multiple of `partFrames`, best of `gopFrames`. */
  readonly firstIndex: number;
  /** Discontinuities of earlier epochs. */
  readonly discontinuitySequence?: number;
  readonly clock: Clock;
  /** Date ranges that hold from a wall time on; none when absent. */
  readonly dateRanges?: (fromMs: number) => readonly DateRange[];
  readonly onPart?: (part: PublishedPart) => void;
  readonly retainMs?: number;
  /** Per rendition. */
  readonly maxRetainedBytes?: number;
}

/** What the origin listens to. */
export interface OriginProgramObserver {
  /** New media, the end, or a change of what is missing: waiting requests are looked at again. */
  changed(rendition: Rendition): void;
  gone(rendition: Rendition): void;
  published(part: PublishedPart): void;
  ended(): void;
}
