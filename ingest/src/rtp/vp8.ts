/** The VP8 payload descriptor (RFC 7741 4.2). Pure. */

/** Where the VP8 data begin in a payload that starts a frame's first partition; undefined elsewhere in a frame. */
export function vp8FrameStart(payload: Buffer): number | undefined {
  const first = payload[0] ?? 0;
  return (first & 0x10) === 0 || (first & 0x07) !== 0 ? undefined : fieldsOf(payload).end;
}

/** By which a receiver knows which pictures others refer to; 0 for what a descriptor does not have. */
export interface Vp8Numbers {
  /** PictureID. */
  readonly picture: number;
  /** TL0PICIDX. */
  readonly base: number;
  /** KEYIDX. */
  readonly key: number;
}

export function readVp8Numbers(payload: Buffer): Vp8Numbers {
  const { picture, base, key } = fieldsOf(payload);
  return {
    picture: picture ? readPicture(payload, picture) : 0,
    base: base ? (payload[base] ?? 0) : 0,
    key: key ? (payload[key] ?? 0) & 0x1f : 0,
  };
}

/** The payload with each number that its descriptor has raised by so much; they wrap. */
export function shiftVp8Numbers(payload: Buffer, by: Vp8Numbers): Buffer {
  const { picture, base, key, end } = fieldsOf(payload);
  if ((by.picture === 0 && by.base === 0 && by.key === 0) || end > payload.length) return payload;
  const shifted = Buffer.from(payload);
  if (picture?.long) {
    shifted.writeUInt16BE(0x8000 | ((readPicture(payload, picture) + by.picture) & 0x7fff), picture.at);
  } else if (picture) shifted[picture.at] = (readPicture(payload, picture) + by.picture) & 0x7f;
  if (base) shifted[base] = ((payload[base] ?? 0) + by.base) & 0xff;
  if (key) shifted[key] = ((payload[key] ?? 0) & 0xe0) | (((payload[key] ?? 0) + by.key) & 0x1f);
  return shifted;
}

interface PictureField {
  readonly at: number;
  /** 15 bits, not 7. */
  readonly long: boolean;
}

interface Fields {
  readonly picture: PictureField | undefined;
  /** Where they stand; 0 for absent. */
  readonly base: number;
  readonly key: number;
  /** Where the descriptor ends. */
  readonly end: number;
}

function fieldsOf(payload: Buffer): Fields {
  const [first = 0, flags = 0] = payload;
  if ((first & 0x80) === 0) return { picture: undefined, base: 0, key: 0, end: 1 };
  const picture = flags & 0x80 ? { at: 2, long: ((payload[2] ?? 0) & 0x80) !== 0 } : undefined;
  const pictureEnd = picture ? picture.at + 1 + Number(picture.long) : 2;
  const baseEnd = pictureEnd + Number((flags & 0x40) !== 0);
  const end = baseEnd + Number((flags & 0x30) !== 0);
  return { picture, base: flags & 0x40 ? pictureEnd : 0, key: flags & 0x10 ? baseEnd : 0, end };
}

const readPicture = (payload: Buffer, { at, long }: PictureField): number =>
  long ? (((payload[at] ?? 0) & 0x7f) << 8) | (payload[at + 1] ?? 0) : (payload[at] ?? 0) & 0x7f;
