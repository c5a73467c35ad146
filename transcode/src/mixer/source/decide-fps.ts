/** Frames per second of a source, from what is measured and what it says of itself. Pure. */

const MIN_FPS = 1;
const MAX_FPS = 240;
const AGREE = 0.02;
/** A statement this close to the measurement is believed over it. */
const BELIEVE = 0.08;
const FALLBACK_FPS = 30;

/** What is known of a source's rate; 0 = unknown. */
export interface FpsEvidence {
  readonly measured: number;
  /** In the codec's own header. */
  readonly header: number;
  /** In the publisher's metadata. */
  readonly hint: number;
}

/** The rate, or null when it is worth waiting for a measurement. `isFinal`: answer with what there is. */
export function decideFps(evidence: FpsEvidence, options: { readonly isFinal: boolean }): number | null {
  const hint = plausible(evidence.hint);
  const header = plausible(evidence.header);
  const measured = plausible(evidence.measured);
  if (measured > 0) {
    if (hint > 0 && Math.abs(hint / measured - 1) < BELIEVE) return hint;
    if (header > 0 && Math.abs(header / measured - 1) < BELIEVE) return header;
    return measured;
  }
  if (hint > 0 && header > 0 && Math.abs(hint / header - 1) < AGREE) return hint;
  if (!options.isFinal) return null;
  return hint || header || FALLBACK_FPS;
}

const plausible = (fps: number): number => (fps >= MIN_FPS && fps <= MAX_FPS ? fps : 0);
