/** What a viewer's browser remembers between visits, and the id it is counted by. */
import { keep, readKept } from "../kept.ts";

const BANDWIDTH = "lianmai.bits-per-second";
const VOLUME = "lianmai.volume";
/** Carries a middle rung at once on nearly every link in use. */
const DEFAULT_BITS_PER_SECOND = 4e6;

/** Estimate of an earlier visit; a sensible one at the first. */
export function savedBitsPerSecond(): number {
  const saved = Number(readKept(BANDWIDTH));
  return saved >= 100_000 && saved <= 200e6 ? saved : DEFAULT_BITS_PER_SECOND;
}

export function saveBitsPerSecond(value: number): void {
  keep(BANDWIDTH, String(value));
}

/** Volume and mute of an earlier visit. */
export function savedVolume(): { readonly volume: number; readonly muted: boolean } {
  const [volume, muted] = (readKept(VOLUME) ?? "1 false").split(" ");
  const number = Number(volume);
  return { volume: number >= 0 && number <= 1 ? number : 1, muted: muted === "true" };
}

export function saveVolume(volume: number, muted: boolean): void {
  keep(VOLUME, `${volume} ${muted}`);
}

/** Random for each page: the edge counts viewers, it does not know them. */
export function newViewerId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}
