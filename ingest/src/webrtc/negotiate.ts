/** Decides what is agreed on of an offer. Pure. */
import { EXTENSIONS, type PublishedLine } from "../sfu/publisher.ts";
import type { SdpCodec, SdpMedia } from "./sdp.ts";
import type { LocalLine } from "./write-sdp.ts";

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
