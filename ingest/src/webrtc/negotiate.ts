/** Decides what is agreed on of an offer. Pure. */
import type { ConsumerTarget } from "../sfu/consumer.ts";
import { EXTENSIONS, type PublishedLine } from "../sfu/publisher.ts";
import type { SdpCodec, SdpMedia } from "./sdp.ts";
import type { LocalLine, SendingTrack } from "./write-sdp.ts";

/** Names of codecs in the order in which they are taken; one the far end prefers among equals. */
export type CodecOrder = "theirs" | readonly SdpCodec["name"][];

export interface AgreedLine {
  readonly local: LocalLine;
  /** What the far end sends on it. */
  readonly published: PublishedLine | undefined;
}

const TAKEN_EXTENSIONS = [
  EXTENSIONS.mid,
  EXTENSIONS.rid,
  EXTENSIONS.repairedRid,
  EXTENSIONS.transportSequence,
  EXTENSIONS.audioLevel,
];

/** Takes what the far end sends on a line, if a codec fits; else refuses the line. */
export function takeLine(media: SdpMedia, order: CodecOrder): AgreedLine {
  const sends = media.direction === "sendrecv" || media.direction === "sendonly";
  const codec = sends && kindOf(media) ? pickCodec(media.codecs, order) : undefined;
  const kind = kindOf(media);
  if (!codec || !kind) return { local: refuseLine(media), published: undefined };
  const extensions = TAKEN_EXTENSIONS.flatMap((uri) => {
    const id = media.extensions.get(uri);
    return id === undefined ? [] : [[uri, id] as const];
  });
  return {
    local: { ...lineBase(media), direction: "recvonly", codec, extensions, rids: media.rids, sending: undefined },
    published: {
      mid: media.mid,
      kind,
      codec,
      extensions: new Map(extensions),
      rids: media.rids,
      ssrcs: media.ssrcs,
    },
  };
}

/** Sends `sending` on a line of the far end's offer that wants to receive it; undefined when no codec fits. */
export function sendLine(
  media: SdpMedia,
  options: { readonly codec: SdpCodec["name"]; readonly sending: SendingTrack },
): LocalLine | undefined {
  const receives = media.direction === "recvonly" || media.direction === "sendrecv";
  const codec = receives ? pickCodec(media.codecs, [options.codec]) : undefined;
  if (!codec) return undefined;
  const { sending } = options;
  const transportId = media.extensions.get(EXTENSIONS.transportSequence);
  return {
    ...lineBase(media),
    direction: "sendonly",
    codec,
    extensions: transportId === undefined ? [] : [[EXTENSIONS.transportSequence, transportId]],
    rids: [],
    sending: { ...sending, rtxSsrc: codec.rtxPayloadType ? sending.rtxSsrc : 0 },
  };
}

/** Where a track goes on a line that sends it. */
export function targetOf({ codec, sending, extensions }: LocalLine): ConsumerTarget | undefined {
  if (!codec || !sending) return undefined;
  return {
    ssrc: sending.ssrc,
    payloadType: codec.payloadType,
    rtxSsrc: sending.rtxSsrc,
    rtxPayloadType: codec.rtxPayloadType,
    transportSequenceId: extensions[0]?.[1] ?? 0,
  };
}

/** Declines a line (RFC 8829 5.3.1). */
export function refuseLine(media: SdpMedia): LocalLine {
  return {
    ...lineBase(media),
    direction: "inactive",
    codec: undefined,
    extensions: [],
    rids: [],
    sending: undefined,
  };
}

/** The first codec of the order that is offered; among several of one name, the far end's first. */
export function pickCodec(codecs: readonly SdpCodec[], order: CodecOrder): SdpCodec | undefined {
  if (order === "theirs") return codecs[0];
  for (const name of order) {
    const found = codecs.filter((codec) => codec.name === name);
    // Packetisation mode 1 carries what mode 0 does, and pictures larger than a packet well.
    const best = found.find((codec) => codec.name !== "h264" || /packetization-mode=1/.test(codec.fmtp)) ?? found[0];
    if (best) return best;
  }
  return undefined;
}

const kindOf = (media: SdpMedia): "audio" | "video" | undefined =>
  media.type === "audio" || media.type === "video" ? media.type : undefined;

const lineBase = ({ mid, type, protocol, payloads }: SdpMedia) => ({ mid, type, protocol, payloads });
