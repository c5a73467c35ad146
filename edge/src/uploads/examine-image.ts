/** Makes a picture harmless: decodes it, bounds it, writes it anew without anything but pixels. Only importer of sharp. */
import type Sharp from "sharp";

/** A picture as it is kept and served. */
export interface CleanImage {
  readonly bytes: Buffer;
  readonly type: "image/webp";
  readonly width: number;
  readonly height: number;
}

/** Pixels of a picture before it is made smaller; a file that unfolds to more is refused unread. */
const MAX_PIXELS = 40_000_000;
/** Frames of a moving picture that are kept; the rest is cut off. */
const MAX_FRAMES = 60;
const LONGEST_SIDE = 1_600;
const QUALITY = 80;
/** Longest a decoder may take. */
const DECODE_BUDGET_S = 5;

let loading: Promise<typeof Sharp> | undefined;

/** With the first picture: an edge that starts again is waited for. */
async function load(): Promise<typeof Sharp> {
  const { default: sharp } = await import("sharp");
  // one picture at a time for each thread of the pool, nothing kept between pictures
  sharp.cache(false);
  sharp.concurrency(1);
  return sharp;
}

/** Undefined for what cannot be decoded within the bounds. */
export async function cleanImage(given: Buffer): Promise<CleanImage | undefined> {
  loading ??= load();
  const sharp = await loading;
  try {
    const source = sharp(given, { limitInputPixels: MAX_PIXELS, failOn: "error", sequentialRead: true });
    const { pages = 1 } = await source.metadata();
    const moving = pages > 1 ? { pages: Math.min(pages, MAX_FRAMES), animated: true } : {};
    const { data, info } = await sharp(given, { limitInputPixels: MAX_PIXELS, failOn: "error", ...moving })
      .timeout({ seconds: DECODE_BUDGET_S })
      .autoOrient()
      .resize({ width: LONGEST_SIDE, height: LONGEST_SIDE, fit: "inside", withoutEnlargement: true })
      .webp({ quality: QUALITY, effort: 2 })
      .toBuffer({ resolveWithObject: true });
    return { bytes: data, type: "image/webp", width: info.width, height: info.pageHeight ?? info.height };
  } catch {
    return undefined;
  }
}
