/** Whether a list's end stays in sight. Pure: sizes and times in, a decision out. */

/** This near the end counts as reading the newest, pixels. */
const NEAR_PX = 32;
/** A scroll this soon after a touch of the reader's is the reader's wish; others come from the list itself. */
const WISH_MS = 700;

/** The list as it stands after a scroll. */
export interface Scrolled {
  readonly leftPx: number;
  readonly nowMs: number;
  readonly wishedAtMs: number;
}

/** Whether the end is kept in sight after a scroll. */
export function staysAtEnd(isStuck: boolean, { leftPx, nowMs, wishedAtMs }: Scrolled): boolean {
  if (leftPx <= NEAR_PX) return true;
  return isStuck && nowMs - wishedAtMs >= WISH_MS;
}
