/** The layers in which a camera's picture is sent: others get what fits their tile and their way. Pure. */

/** One encoding: how much smaller, and which share of the whole's bits. */
interface Layer {
  readonly scaleResolutionDownBy: number;
  readonly share: number;
}

/** Names of the layers, lowest first; a sender has all of them, whatever it sends. */
const RIDS = ["l", "m", "h"] as const;

/** The lowest of several takes no more: beside a voice it passes through 300 kbit/s. */
const LOWEST_BITS = 160_000;

/**
 * By the pixels a picture has at least. libwebrtc allows a small picture fewer layers, and leaves out the last ones:
 * of three, the one of full size. The bounds are those of its `kSimulcastFormats`.
 */
const PLANS: readonly { readonly fromPixels: number; readonly layers: readonly Layer[] }[] = [
  {
    fromPixels: 960 * 540,
    layers: [
      { scaleResolutionDownBy: 4, share: 10 },
      { scaleResolutionDownBy: 2, share: 3.5 },
      { scaleResolutionDownBy: 1, share: 1 },
    ],
  },
  {
    fromPixels: 480 * 270,
    layers: [
      { scaleResolutionDownBy: 2, share: 3.5 },
      { scaleResolutionDownBy: 1, share: 1 },
    ],
  },
  { fromPixels: 0, layers: [{ scaleResolutionDownBy: 1, share: 1 }] },
];

/** Encodings for a picture of `pixels` that may take `bits` a second; without a picture yet, those of a large one. */
export function simulcastLayers(bits: number, pixels = Number.POSITIVE_INFINITY): RTCRtpEncodingParameters[] {
  const layers = PLANS.find(({ fromPixels }) => pixels >= fromPixels)?.layers ?? [];
  return RIDS.map((rid, at) => {
    const layer = layers[at];
    const most = at === 0 && layers.length > 1 ? LOWEST_BITS : bits;
    return {
      rid,
      active: layer !== undefined,
      scaleResolutionDownBy: layer?.scaleResolutionDownBy ?? 1,
      maxBitrate: Math.round(Math.min(most, bits / (layer?.share ?? 1))),
    };
  });
}

/** Pixels of what a track sends; undefined while it is not known. */
export function pixelsOf(track: Pick<MediaStreamTrack, "getSettings"> | null): number | undefined {
  const { width, height } = track?.getSettings() ?? {};
  return width && height ? width * height : undefined;
}
