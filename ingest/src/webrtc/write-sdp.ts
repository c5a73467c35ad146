/** Writes our side's session descriptions: answers to offers, and offers of the room. Pure. */
import type { SdpCodec } from "./sdp.ts";

export interface LocalTransport {
  readonly usernameFragment: string;
  readonly password: string;
  readonly fingerprint: string;
  readonly setup: "actpass" | "active" | "passive";
  /** Values of candidate attributes, without "candidate:". */
  readonly candidates: readonly string[];
}

/** What we send on a line. */
export interface SendingTrack {
  readonly ssrc: number;
  readonly rtxSsrc: number;
  readonly cname: string;
  readonly streamId: string;
  readonly trackId: string;
}

/** One media line from our side. A line without a codec is refused. */
export interface LocalLine {
  readonly mid: string;
  readonly type: string;
  readonly protocol: string;
  /** Format list of a refused line: as offered. */
  readonly payloads: string;
  readonly direction: "sendrecv" | "sendonly" | "recvonly" | "inactive";
  readonly codec: SdpCodec | undefined;
  readonly extensions: readonly (readonly [uri: string, id: number])[];
  /** Simulcast streams we take. */
  readonly rids: readonly string[];
  readonly sending: SendingTrack | undefined;
}

const FEEDBACK = ["nack", "nack pli", "ccm fir", "transport-cc"];

/** RFC 8829 5.2 and 5.3: one transport for all lines. `version` grows with each description of a session. */
export function writeDescription(options: {
  readonly sessionId: string;
  readonly version: number;
  readonly transport: LocalTransport;
  readonly lines: readonly LocalLine[];
}): string {
  const { transport, lines } = options;
  const bundled = lines.filter((line) => line.codec).map((line) => line.mid);
  const text = [
    "v=0",
    `o=- ${options.sessionId} ${options.version} IN IP4 127.0.0.1`,
    "s=-",
    "t=0 0",
    `a=group:BUNDLE ${bundled.join(" ")}`,
    "a=msid-semantic: WMS *",
    ...lines.flatMap((line) => writeLine(line, transport)),
  ];
  return `${text.join("\r\n")}\r\n`;
}

function writeLine(line: LocalLine, transport: LocalTransport): string[] {
  const { codec } = line;
  if (!codec) {
    return [
      `m=${line.type} 0 ${line.protocol} ${line.payloads}`,
      "c=IN IP4 0.0.0.0",
      `a=mid:${line.mid}`,
      "a=inactive",
    ];
  }
  const payloads = [codec.payloadType, ...(codec.rtxPayloadType ? [codec.rtxPayloadType] : [])].join(" ");
  return [
    `m=${line.type} 9 ${line.protocol} ${payloads}`,
    "c=IN IP4 0.0.0.0",
    "a=rtcp:9 IN IP4 0.0.0.0",
    `a=ice-ufrag:${transport.usernameFragment}`,
    `a=ice-pwd:${transport.password}`,
    "a=ice-options:trickle",
    `a=fingerprint:${transport.fingerprint}`,
    `a=setup:${transport.setup}`,
    `a=mid:${line.mid}`,
    ...line.extensions.map(([uri, id]) => `a=extmap:${id} ${uri}`),
    ...(line.sending ? [`a=msid:${line.sending.streamId} ${line.sending.trackId}`] : []),
    `a=${line.direction}`,
    "a=rtcp-mux",
    "a=rtcp-rsize",
    ...writeCodec(codec),
    ...line.rids.map((rid) => `a=rid:${rid} recv`),
    ...(line.rids.length > 0 ? [`a=simulcast:recv ${line.rids.join(";")}`] : []),
    ...writeSending(line.sending, codec),
    ...transport.candidates.map((candidate) => `a=candidate:${candidate}`),
    "a=end-of-candidates",
  ];
}

function writeCodec(codec: SdpCodec): string[] {
  const { payloadType, rtxPayloadType } = codec;
  const names = { h264: "H264", vp8: "VP8", opus: "opus" } as const;
  const channels = codec.channels > 1 ? `/${codec.channels}` : "";
  return [
    `a=rtpmap:${payloadType} ${names[codec.name]}/${codec.clockRate}${channels}`,
    ...(codec.fmtp ? [`a=fmtp:${payloadType} ${codec.fmtp}`] : []),
    ...FEEDBACK.filter((kind) => codec.feedback.includes(kind)).map((kind) => `a=rtcp-fb:${payloadType} ${kind}`),
    ...(rtxPayloadType
      ? [`a=rtpmap:${rtxPayloadType} rtx/${codec.clockRate}`, `a=fmtp:${rtxPayloadType} apt=${payloadType}`]
      : []),
  ];
}

function writeSending(sending: SendingTrack | undefined, codec: SdpCodec): string[] {
  if (!sending) return [];
  const { ssrc, cname, streamId, trackId } = sending;
  const rtxSsrc = codec.rtxPayloadType ? sending.rtxSsrc : 0;
  return [
    ...(rtxSsrc ? [`a=ssrc-group:FID ${ssrc} ${rtxSsrc}`] : []),
    ...[ssrc, ...(rtxSsrc ? [rtxSsrc] : [])].flatMap((id) => [
      `a=ssrc:${id} cname:${cname}`,
      `a=ssrc:${id} msid:${streamId} ${trackId}`,
    ]),
  ];
}
