/**
 * How transcode gives a program to the stage, for players by WebRTC and for guests: `GET` of the address in
 * {@link programFeedRedisKey} answers with an endless body of frames. It begins with a header, the configuration of each
 * layer and its pictures since the last keyframe; then everything follows as it is made. The body ends with the
 * program's epoch, or when its reader takes too little: whoever still wants it asks anew.
 */
import { type Static, Type } from "typebox";

/** Samples at 48 kHz in one Opus packet: 20 ms. */
export const OPUS_PACKET_SAMPLES = 960;

export const feedHeaderSchema = Type.Object({
  version: Type.Literal(1),
  /** Wall time of the program's time 0, milliseconds since the Unix epoch. */
  zeroWallMs: Type.Number(),
  /** One encoding each, H.264 without reordering; frames name it by its place. */
  layers: Type.Array(
    Type.Object({
      name: Type.String({ minLength: 1, maxLength: 32 }),
      width: Type.Integer(),
      height: Type.Integer(),
      bitsPerSecond: Type.Integer(),
    }),
    { maxItems: 8 },
  ),
});
export type FeedHeader = Static<typeof feedHeaderSchema>;

/** One frame. `atMs` is program time. */
export type FeedFrame =
  | { readonly kind: "header"; readonly header: FeedHeader }
  /** AVCDecoderConfigurationRecord (ISO/IEC 14496-15) of a layer, before its first picture and whenever it changes. */
  | { readonly kind: "config"; readonly layer: number; readonly data: Buffer }
  /** NAL units with 4-byte lengths. Pictures of a layer come in order, keyframes of all layers at the same times. */
  | {
      readonly kind: "picture";
      readonly layer: number;
      readonly key: boolean;
      readonly atMs: number;
      readonly data: Buffer;
    }
  /**
   * One Opus packet of {@link OPUS_PACKET_SAMPLES}, stereo. `mix`: what the program sounds like. `solo`: the room's
   * encoder alone, for those on stage, who would hear themselves in the mix; none comes while there is no encoder.
   */
  | { readonly kind: "sound"; readonly track: "mix" | "solo"; readonly atMs: number; readonly data: Buffer };

/** Where a room's program is to be had. */
export const programFeedRecordSchema = Type.Object({
  /** Holds its own token. */
  url: Type.String({ minLength: 1, maxLength: 1_024 }),
});
export type ProgramFeedRecord = Static<typeof programFeedRecordSchema>;

/** Redis: JSON {@link ProgramFeedRecord} of the program on air; transcode writes it, it expires unless renewed. */
export const programFeedRedisKey = (room: string): string => `stage:program-feed:${room}`;
