/** The VP8 payload descriptor (RFC 7741 4.2). Pure. */

/** Where the VP8 data begin in a payload that starts a frame's first partition; undefined elsewhere in a frame. */
export function vp8FrameStart(payload: Buffer): number | undefined {
  const first = payload[0] ?? 0;
  if ((first & 0x10) === 0 || (first & 0x07) !== 0) return undefined;
  if ((first & 0x80) === 0) return 1;
  const extension = payload[1] ?? 0;
  const pictureIdBytes = (extension & 0x80) === 0 ? 0 : (payload[2] ?? 0) & 0x80 ? 2 : 1;
  return 2 + pictureIdBytes + Number((extension & 0x40) !== 0) + Number((extension & 0x30) !== 0);
}
