/** How long an answer may be kept by a shared cache; reads `Cache-Control` of RFC 9111 5.2.2 as far as origins use it. */

/**
 * Milliseconds an answer stays fresh: `s-maxage` before `max-age`; 0 for `no-store`, `no-cache`, `private`
 * or when nothing is said.
 */
export function freshForMs(cacheControl: string | undefined): number {
  if (!cacheControl) return 0;
  const text = cacheControl.toLowerCase();
  if (/\b(?:no-store|no-cache|private)\b/.test(text)) return 0;
  const seconds = /\bs-maxage=(\d{1,9})\b/.exec(text)?.[1] ?? /\bmax-age=(\d{1,9})\b/.exec(text)?.[1];
  return seconds === undefined ? 0 : Number(seconds) * 1_000;
}

/** Statuses that are kept; errors of the origin and refusals of blocking reload never are. */
export const isStorable = (status: number): boolean => status === 200 || status === 404 || status === 410;
