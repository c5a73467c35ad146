/** Which layer of each picture goes to a receiver, within what its way carries: sound first. Pure. */

export interface PictureOffer {
  /** Bits a second of each layer that flows, lowest first; index is the layer's number. */
  readonly layers: readonly { readonly index: number; readonly bitsPerSecond: number }[];
  /** Pixels of the short side at which it is shown; 0: not at all. */
  readonly height: number;
}

/** Bits a second that one voice takes. */
const VOICE_BITS = 40_000;
/** Shown no larger than this, the lowest layer is enough; up to twice this, the middle one. */
const SMALL_HEIGHT = 200;
/** Layers that a picture has at most. */
const ROUNDS = 4;

/** For each picture the layer to send, undefined for none. `bits`: what the receiver's way carries. */
export function chooseLayers(pictures: readonly PictureOffer[], voices: number, bits: number): (number | undefined)[] {
  let left = bits - voices * VOICE_BITS;
  /** How many layers up each picture is. */
  const steps = pictures.map(() => 0);
  // A round gives every picture its next layer before any gets the one above; the largest first.
  const order = [...pictures.entries()].sort(([, a], [, b]) => b.height - a.height);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [i, picture] of order) {
      const extra = steps[i] === round ? costOfNext(picture, round) : undefined;
      if (extra === undefined || extra > left) continue;
      left -= extra;
      steps[i] = round + 1;
    }
  }
  return pictures.map(({ layers }, i) => layers[(steps[i] ?? 0) - 1]?.index);
}

/** What the layer of a round costs beyond the one below; undefined when it is not wanted or not there. */
function costOfNext({ layers, height }: PictureOffer, round: number): number | undefined {
  const layer = layers[round];
  if (!layer || height === 0 || round > mostRounds(height)) return undefined;
  return layer.bitsPerSecond - (layers[round - 1]?.bitsPerSecond ?? 0);
}

const mostRounds = (height: number): number => (height <= SMALL_HEIGHT ? 0 : height <= 2 * SMALL_HEIGHT ? 1 : 3);
