/** Sizes a camera can be asked for, with what they may take of the way out. */
export const SIZES = {
  "360p": { width: 640, height: 360, bitsPerSecond: 900_000 },
  "540p": { width: 960, height: 540, bitsPerSecond: 1_500_000 },
  "720p": { width: 1_280, height: 720, bitsPerSecond: 2_500_000 },
  "1080p": { width: 1_920, height: 1_080, bitsPerSecond: 4_500_000 },
} as const;
export type PictureSize = keyof typeof SIZES;

/** Bits a second of a shared screen: text must stay readable. */
export const SCREEN_BITS = 2_500_000;

export const isPictureSize = (text: unknown): text is PictureSize => typeof text === "string" && text in SIZES;
