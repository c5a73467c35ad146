import type { IngestFinding } from "../contract.ts";

export type FindingCode = IngestFinding["code"];

/** What a rule saw at one look. */
export type Observation = Pick<IngestFinding, "code" | "severity" | "values" | "obsSetting"> & {
  /** How long it must be seen without a break before it is told. */
  readonly afterMs: number;
};

/** A finding is dropped after it has not been seen for this long. */
export const FINDING_HOLD_MS = 30_000;
/** A break this long starts the count of `afterMs` again. */
const BREAK_MS = 2_500;

interface Tracked {
  finding: IngestFinding;
  seenSinceMs: number;
  seenLastMs: number;
  told: boolean;
}

/** Keeps findings from flickering: each appears once it has been seen long enough and goes after a good while. Pure. */
export class Findings {
  readonly #tracked = new Map<FindingCode, Tracked>();

  /** Takes what was seen now; answers what the host is told, in the order it appeared. */
  update(observations: readonly Observation[], nowMs: number, wallMs: number): IngestFinding[] {
    for (const { afterMs, ...observed } of observations) {
      const known = this.#tracked.get(observed.code);
      const running = known !== undefined && (known.told || nowMs - known.seenLastMs <= BREAK_MS);
      const seenSinceMs = running ? known.seenSinceMs : nowMs;
      this.#tracked.set(observed.code, {
        finding: { ...observed, firstSeenMs: running ? known.finding.firstSeenMs : wallMs, lastSeenMs: wallMs },
        seenSinceMs,
        seenLastMs: nowMs,
        told: (running && known.told) || nowMs - seenSinceMs >= afterMs,
      });
    }
    for (const [code, tracked] of this.#tracked) {
      if (nowMs - tracked.seenLastMs > FINDING_HOLD_MS) this.#tracked.delete(code);
    }
    return [...this.#tracked.values()].filter((tracked) => tracked.told).map((tracked) => tracked.finding);
  }
}
