/** Mixes two pictures of the same layout. */

/** `weight` 0 gives `from`, 1 gives `to`; `into` may be either. */
export function crossFade(from: Buffer, to: Buffer, options: { readonly weight: number; readonly into: Buffer }): void {
  const { into } = options;
  const share = Math.round(Math.max(0, Math.min(1, options.weight)) * 256);
  const length = into.length;
  for (let i = 0; i < length; i++) {
    const a = from[i] as number;
    into[i] = a + ((((to[i] as number) - a) * share) >> 8);
  }
}
