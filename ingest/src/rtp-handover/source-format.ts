/**
 * How a WebRTC source is handed over to transcode: `GET sourceUrl` answers with an endless body of frames, `POST` of
 * {@link keyframeRequestUrl} asks its publisher for a keyframe.
 *
 * The first frame is a header; it comes again whenever a track begins, ends or changes. Packets stand in order of
 * arrival: those that were lost and recovered come late, those reordered stay so, and the reader sorts. Retransmission
 * streams, padding and other simulcast layers are gone: a track is one SSRC with one run of sequence numbers, also
 * across layers. Sender reports are the publisher's own, fitted to the track, so that sound and picture can be set
 * against each other; they may come seconds after the first packet, or never. The body ends when the publisher is
 * gone. A reader that takes too little loses whole packets and is sent a keyframe when it takes them again.
 * A keyframe is asked for as a reader attaches.
 */
import { type Static, Type } from "typebox";

/** One track of a source. Packets and reports name it by `track`. */
export const handoverTrackSchema = Type.Object({
  /** 0 to 255, unique in the source; stays with the track for its life. */
  track: Type.Integer({ minimum: 0, maximum: 255 }),
  kind: Type.Enum(["audio", "video"]),
  /** RFC 6184 (either packetisation mode; parameter sets in band), RFC 7741, RFC 7587. */
  codec: Type.Enum(["h264", "vp8", "opus"]),
  payloadType: Type.Integer({ minimum: 0, maximum: 127 }),
  clockRate: Type.Integer({ minimum: 1 }),
  /** 0 for video. */
  channels: Type.Integer({ minimum: 0, maximum: 8 }),
  ssrc: Type.Integer({ minimum: 0, maximum: 0xffff_ffff }),
  /** Format parameters as negotiated ("profile-level-id=42e01f;packetization-mode=1"); empty when none. */
  fmtp: Type.String({ maxLength: 1_024 }),
  /** The publisher has switched it off: nothing is to come, and nothing is missing. */
  muted: Type.Boolean(),
});
export type HandoverTrack = Static<typeof handoverTrackSchema>;

export const handoverHeaderSchema = Type.Object({
  version: Type.Literal(1),
  tracks: Type.Array(handoverTrackSchema, { maxItems: 16 }),
});
export type HandoverHeader = Static<typeof handoverHeaderSchema>;

/**
 * One frame. `arrivalMs`: when the packet came in, CLOCK_MONOTONIC of ingest's machine (`systemClock.monotonicMs()`);
 * only differences mean anything on another machine.
 */
export type HandoverFrame =
  | { readonly kind: "header"; readonly header: HandoverHeader }
  | { readonly kind: "rtp"; readonly track: number; readonly arrivalMs: number; readonly packet: Buffer }
  /** One RTCP sender report without report blocks (RFC 3550 6.4.1), 28 bytes. */
  | { readonly kind: "rtcp"; readonly track: number; readonly arrivalMs: number; readonly packet: Buffer };

/** Where a POST asks the publisher of a source for a keyframe; answered 202, asked at most every 300 ms. */
export function keyframeRequestUrl(sourceUrl: string): string {
  const url = new URL(sourceUrl);
  url.pathname += "/keyframe";
  return url.href;
}
