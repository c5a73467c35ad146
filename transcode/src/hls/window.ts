/** The sliding window of one rendition: what its playlist lists, and what stays downloadable after that. */

export interface WindowPart {
  /** The program's own number of the part; names it in its URI. */
  readonly number: number;
  readonly seconds: number;
  readonly independent: boolean;
  /** Null: its media does not exist (GAP=YES). */
  readonly bytes: Buffer | null;
}

export interface WindowSegment {
  readonly msn: number;
  readonly startMs: number;
  readonly discontinuity: boolean;
  /** Initialization segment it needs. */
  readonly init: number;
  readonly parts: WindowPart[];
  complete: boolean;
}

export interface WindowLimits {
  readonly targetDurationSeconds: number;
  /** How long bytes stay downloadable after their tags are gone. */
  readonly retainMs: number;
  /** Bytes of segments no longer listed; policy: the oldest are dropped. */
  readonly maxRetainedBytes: number;
}

/**
 * Listed time, in target durations: 6 for delta updates to have a boundary, and some segments for them to skip.
 * The spec's floor is 3 (6.2.2 [M6]).
 */
export const WINDOW_TARGET_DURATIONS = 8;
/** Complete segments whose parts are listed: with the open one, never more than three target durations (6.2.2 [S1]). */
export const SEGMENTS_WITH_PARTS = 2;
const MIN_WINDOW_SECONDS = 12;

export const segmentSeconds = (segment: WindowSegment): number =>
  segment.parts.reduce((sum, part) => sum + part.seconds, 0);
const segmentBytes = (segment: WindowSegment): number =>
  segment.parts.reduce((sum, part) => sum + (part.bytes?.length ?? 0), 0);

export class Window {
  readonly #limits: WindowLimits;
  #listed: WindowSegment[] = [];
  readonly #retained: Array<{ readonly segment: WindowSegment; readonly untilMs: number; readonly bytes: number }> = [];
  #retainedBytes = 0;
  readonly #partByNumber = new Map<number, WindowPart>();
  readonly #segmentByMsn = new Map<number, WindowSegment>();
  #discontinuitySequence: number;

  constructor(limits: WindowLimits & { readonly discontinuitySequence: number }) {
    this.#limits = limits;
    this.#discontinuitySequence = limits.discontinuitySequence;
  }

  /** In order; only the last can be open. */
  get segments(): readonly WindowSegment[] {
    return this.#listed;
  }

  /** Discontinuities before the first listed segment. */
  get discontinuitySequence(): number {
    return this.#discontinuitySequence;
  }

  get retainedBytes(): number {
    return this.#retainedBytes;
  }

  get open(): WindowSegment | null {
    const last = this.#listed.at(-1);
    return last && !last.complete ? last : null;
  }

  /** Opens a segment; the one before must be complete. Throws when sequence numbers would not grow. */
  openSegment(segment: Omit<WindowSegment, "parts" | "complete">): void {
    const last = this.#listed.at(-1);
    if (last && (!last.complete || segment.msn <= last.msn))
      throw new RangeError(`segment ${segment.msn} out of order`);
    const opened = { ...segment, parts: [], complete: false };
    this.#listed.push(opened);
    this.#segmentByMsn.set(segment.msn, opened);
  }

  addPart(part: WindowPart): void {
    const { open } = this;
    if (!open) throw new RangeError(`part ${part.number} without a segment`);
    open.parts.push(part);
    this.#partByNumber.set(part.number, part);
  }

  /** Completes the open segment, if any, and slides. */
  completeSegment(nowMs: number): void {
    const { open } = this;
    if (open) open.complete = true;
    this.#slide(nowMs);
  }

  /** Takes everything off the list, for a jump in sequence numbers; bytes stay for their time. */
  clear(nowMs: number): void {
    const { open } = this;
    if (open) open.complete = true;
    while (this.#listed.length > 0) this.#unlistFirst(nowMs);
  }

  /** Counts discontinuities that were never listed here but are in other renditions. */
  skipDiscontinuities(count: number): void {
    this.#discontinuitySequence += count;
  }

  /** A part that can be downloaded (or is known missing: null bytes). */
  part(number: number): WindowPart | null {
    return this.#partByNumber.get(number) ?? null;
  }

  /** A complete segment that can be downloaded. */
  segment(msn: number): WindowSegment | null {
    const segment = this.#segmentByMsn.get(msn);
    return segment?.complete ? segment : null;
  }

  /** Drops what is past its time. */
  expire(nowMs: number): void {
    for (let first = this.#retained[0]; first; first = this.#retained[0]) {
      if (first.untilMs > nowMs && this.#retainedBytes <= this.#limits.maxRetainedBytes) return;
      this.#retained.shift();
      this.#retainedBytes -= first.bytes;
      this.#segmentByMsn.delete(first.segment.msn);
      for (const part of first.segment.parts) this.#partByNumber.delete(part.number);
    }
  }

  #slide(nowMs: number): void {
    const floor = Math.max(WINDOW_TARGET_DURATIONS * this.#limits.targetDurationSeconds, MIN_WINDOW_SECONDS);
    let seconds = this.#listed.reduce((sum, segment) => sum + segmentSeconds(segment), 0);
    for (let first = this.#listed[0]; first; first = this.#listed[0]) {
      seconds -= segmentSeconds(first);
      if (seconds < floor - 1e-6) break;
      this.#unlistFirst(nowMs);
    }
    this.expire(nowMs);
  }

  #unlistFirst(nowMs: number): void {
    const segment = this.#listed.shift();
    if (!segment) return;
    if (segment.discontinuity) this.#discontinuitySequence++;
    const bytes = segmentBytes(segment);
    this.#retainedBytes += bytes;
    this.#retained.push({ segment, untilMs: nowMs + this.#limits.retainMs, bytes });
  }
}
