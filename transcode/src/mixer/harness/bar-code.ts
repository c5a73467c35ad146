/** Test pictures that say which they are: the number in bars over the upper half, a flash over the lower half. */

export const BITS = 14;
/** A light bar, the bits from high to low, a dark bar. */
const BARS = BITS + 2;
const LIGHT = 220;
const DARK = 30;
const MIDDLE = 125;

/** Luma of a test picture. */
export function drawBarCode(
  luma: Buffer,
  options: { width: number; height: number; number: number; isFlash: boolean },
): void {
  const { width, height, number, isFlash } = options;
  const row = Buffer.alloc(width);
  for (let x = 0; x < width; x++) row[x] = barAt(Math.floor((x * BARS) / width), number) ? LIGHT : DARK;
  for (let y = 0; y < height / 2; y++) row.copy(luma, y * width);
  luma.fill(isFlash ? LIGHT : DARK, Math.floor(height / 2) * width, width * height);
}

function barAt(bar: number, number: number): boolean {
  if (bar === 0) return true;
  if (bar === BARS - 1) return false;
  return ((number >> (BITS - bar)) & 1) === 1;
}

/** What a picture says; null when it is no test picture (slate, fade). */
export interface BarCode {
  readonly number: number;
  readonly isFlash: boolean;
}

/** Reads a test picture that fills `area` of a luma plane. */
export function readBarCode(
  luma: Buffer,
  options: { stride: number; area: { x: number; y: number; width: number; height: number } },
): BarCode | null {
  const { stride, area } = options;
  const sample = (fractionX: number, fractionY: number): number =>
    luma[Math.floor(area.y + area.height * fractionY) * stride + Math.floor(area.x + area.width * fractionX)] ?? 0;
  const levels = Array.from({ length: BARS }, (_, bar) => sample((bar + 0.5) / BARS, 0.25) - MIDDLE);
  // Neither light nor dark: not a test picture, or one in the middle of a fade.
  if (levels.some((level) => Math.abs(level) < 40)) return null;
  const isLight = levels.map((level) => level > 0);
  if (!isLight[0] || isLight[BARS - 1]) return null;
  const number = isLight.slice(1, -1).reduce((value, bit) => value * 2 + (bit ? 1 : 0), 0);
  return { number, isFlash: sample(0.5, 0.75) > MIDDLE };
}
