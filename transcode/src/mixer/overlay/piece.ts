/** What can be painted for a tile. */

/** A name on a dark pill, with a struck-out microphone when muted. */
export interface LabelPiece {
  readonly kind: "label";
  readonly text: string;
  readonly isMuted: boolean;
  /** Height of the pill. */
  readonly height: number;
  readonly maxWidth: number;
}

/** A round face with the name's first letter, its colour from the name's owner. */
export interface FacePiece {
  readonly kind: "face";
  readonly name: string;
  readonly seed: string;
  readonly diameter: number;
}

/** The ring around a speaker's round face; wider than it by `RING_SHARE` of its diameter on each side. */
export interface RingPiece {
  readonly kind: "ring";
  readonly diameter: number;
}

export type Piece = LabelPiece | FacePiece | RingPiece;

/** Space for the ring on each side of a face, as a share of its diameter. */
export const RING_SHARE = 0.07;

export const evenUp = (value: number): number => Math.ceil(value / 2) * 2;

/** Margin of a ring's picture around the face. */
export const ringMargin = (diameter: number): number => evenUp(diameter * RING_SHARE);

/** Characters that would write over others or turn the line around are left out. */
export function plainText(text: string): string {
  return text
    .normalize("NFC")
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
}

/** The first character as a reader sees it; a dot for an empty name. */
export function initialOf(name: string): string {
  const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  for (const { segment } of segmenter.segment(plainText(name))) return segment.toLocaleUpperCase();
  return "·";
}
