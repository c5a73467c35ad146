/** Writes multivariant playlists (rfc8216bis, section 4.4.6). Pure. Audio is muxed: no EXT-X-MEDIA groups. */

/** One EXT-X-STREAM-INF; width 0 = audio only. */
export interface Variant {
  readonly uri: string;
  readonly peakBitsPerSecond: number;
  readonly averageBitsPerSecond: number;
  readonly codecs: readonly string[];
  readonly width: number;
  readonly height: number;
  readonly fps: number;
}

/** Players without an estimate of their own start on the first variant: this much most networks carry. */
const START_BITS_PER_SECOND = 2_700_000;

/** First the best rendition that most networks carry, then the others from the highest down, audio-only last. */
export function orderVariants(variants: readonly Variant[]): Variant[] {
  const descending = [...variants].sort(
    (a, b) => Number(b.width > 0) - Number(a.width > 0) || b.averageBitsPerSecond - a.averageBitsPerSecond,
  );
  const start = descending.find(
    (variant) => variant.width > 0 && variant.averageBitsPerSecond <= START_BITS_PER_SECOND,
  );
  return start ? [start, ...descending.filter((variant) => variant !== start)] : descending;
}

/** The playlist's text, with a final line end; no EXT-X-VERSION, as nothing in it needs one (6.2.1). */
export function writeMultivariantPlaylist(variants: readonly Variant[]): string {
  const lines = ["#EXTM3U", "#EXT-X-INDEPENDENT-SEGMENTS"];
  for (const variant of orderVariants(variants)) lines.push(streamInf(variant), variant.uri);
  lines.push("");
  return lines.join("\n");
}

function streamInf(variant: Variant): string {
  const average = Math.round(variant.averageBitsPerSecond);
  const peak = Math.max(average, Math.round(variant.peakBitsPerSecond));
  const picture =
    variant.width > 0 ? `,RESOLUTION=${variant.width}x${variant.height},FRAME-RATE=${variant.fps.toFixed(3)}` : "";
  return `#EXT-X-STREAM-INF:BANDWIDTH=${peak},AVERAGE-BANDWIDTH=${average},CODECS="${variant.codecs.join(",")}"${picture}`;
}
