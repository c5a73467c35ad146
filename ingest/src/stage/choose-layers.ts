/** Which layer of each picture goes to a receiver, within what its way carries: sound first. Pure. */

export interface PictureOffer {
  /** Bits a second of each layer that flows, lowest first; index is the layer's number. */
  readonly layers: readonly { readonly index: number; readonly bitsPerSecond: number }[];
  /** Pixels of the short side at which it is shown; 0: not at all. */
  readonly height: number;
  /** The layer that the receiver has, or is about to. */
  readonly current?: number | undefined;
}

export interface LayerChoice {
  /** For each picture the layer to send, undefined for none. */
  readonly layers: readonly (number | undefined)[];
  /** Bits a second with which one more step could be taken; 0: there is none. */
  readonly next: number;
}

/** Bits a second that one voice takes. */
const VOICE_BITS = 40_000;
/** Shown no larger than this, the lowest layer is enough; up to twice this, the middle one. */
const SMALL_HEIGHT = 200;
/** Layers that a picture has at most. */
const ROUNDS = 4;
/** What passes already goes up and down: counted as this much of it. */
const CURRENT_SHARE = 0.85;
/** A picture in its lowest layer is better than none: it goes when little more than half of it passes. */
const LOWEST_SHARE = 0.65;

/** `bits`: what the receiver's way carries; `congested`: it does not carry what is sent now. */
export function chooseLayers(
  pictures: readonly PictureOffer[],
  voices: number,
  { bits, congested = false }: { readonly bits: number; readonly congested?: boolean },
): LayerChoice {
  let left = bits - voices * VOICE_BITS;
  let next = Number.POSITIVE_INFINITY;
  /** How many layers up each picture is. */
  const steps = pictures.map(() => 0);
  // A round gives every picture its next layer before any gets the one above; the largest first.
  const order = [...pictures.entries()].sort(([, a], [, b]) => b.height - a.height);
  const turns = [...Array(ROUNDS).keys()].flatMap((round) => order.map(([i, picture]) => ({ round, i, picture })));
  for (const { round, i, picture } of turns) {
    const extra = steps[i] === round ? costOfNext(picture, round, congested) : undefined;
    if (extra === undefined) continue;
    if (extra <= left) {
      left -= extra;
      steps[i] = round + 1;
    } else next = Math.min(next, bits - left + extra);
  }
  return {
    layers: pictures.map(({ layers }, i) => layers[(steps[i] ?? 0) - 1]?.index),
    next: Number.isFinite(next) ? next : 0,
  };
}

/** What the layer of a round costs beyond the one below; undefined when it is not wanted or not there. */
function costOfNext({ layers, height, current }: PictureOffer, round: number, congested: boolean): number | undefined {
  const layer = layers[round];
  if (!layer || height === 0 || round > mostRounds(height)) return undefined;
  const extra = layer.bitsPerSecond - (layers[round - 1]?.bitsPerSecond ?? 0);
  if (round > layers.findIndex(({ index }) => index === current)) return extra;
  return extra * (round === 0 ? LOWEST_SHARE : congested ? 1 : CURRENT_SHARE);
}

const mostRounds = (height: number): number => (height <= SMALL_HEIGHT ? 0 : height <= 2 * SMALL_HEIGHT ? 1 : 3);
