/**
 * Reads session descriptions (RFC 8866, RFC 8829) of browsers, encoders and players, with sdp-transform: its only
 * importer. What comes out is bounded and holds nothing that was not understood.
 */
import { parse } from "sdp-transform";

/** Why a description cannot be used. */
export type SdpProblem = "unreadable" | "no-transport" | "no-media" | "too-many-lines" | "not-bundled";

export class SdpError extends Error {
  override readonly name = "SdpError";
  readonly problem: SdpProblem;
  constructor(problem: SdpProblem, options: ErrorOptions & { readonly detail: string }) {
    super(options.detail, options);
    this.problem = problem;
  }
}

export interface RemoteTransport {
  readonly usernameFragment: string;
  readonly password: string;
  /** "sha-256 AB:CD..." */
  readonly fingerprint: string;
  readonly setup: "actpass" | "active" | "passive";
}

export interface SdpCodec {
  readonly name: "h264" | "vp8" | "opus";
  readonly payloadType: number;
  readonly clockRate: number;
  readonly channels: number;
  readonly fmtp: string;
  /** Payload type of its retransmissions; 0 for none. */
  readonly rtxPayloadType: number;
  readonly feedback: readonly string[];
}

export interface SdpMedia {
  readonly mid: string;
  readonly type: string;
  readonly protocol: string;
  /** Format list as given, for refusing the line. */
  readonly payloads: string;
  readonly port: number;
  readonly direction: "sendrecv" | "sendonly" | "recvonly" | "inactive";
  /** In the order of preference. */
  readonly codecs: readonly SdpCodec[];
  readonly extensions: ReadonlyMap<string, number>;
  /** Simulcast streams sent, in order. */
  readonly rids: readonly string[];
  /** By what a sender's SSRC is; the primary ones first. */
  readonly ssrcs: readonly { readonly ssrc: number; readonly rtxSsrc: number }[];
}

export interface SessionDescription {
  readonly transport: RemoteTransport;
  readonly media: readonly SdpMedia[];
}

export const MAX_MEDIA_LINES = 48;
const TOKEN = /^[\x21-\x7e]{1,64}$/;
const ICE = /^[A-Za-z0-9+/]{4,256}$/;
const FINGERPRINT = /^[A-Fa-f0-9]{2}(:[A-Fa-f0-9]{2}){15,63}$/;
const CODECS: Readonly<Record<string, SdpCodec["name"]>> = { h264: "h264", vp8: "vp8", opus: "opus" };

type Parsed = ReturnType<typeof parse>;
type ParsedMedia = Parsed["media"][number];

/** Reads a description. Throws {@link SdpError}. */
export function readDescription(text: string): SessionDescription {
  let parsed: Parsed;
  try {
    parsed = parse(text);
  } catch (error) {
    throw new SdpError("unreadable", { detail: "not a session description", cause: error });
  }
  const media = Array.isArray(parsed.media) ? parsed.media : [];
  if (media.length === 0) throw new SdpError("no-media", { detail: "no media lines" });
  if (media.length > MAX_MEDIA_LINES)
    throw new SdpError("too-many-lines", { detail: `more than ${MAX_MEDIA_LINES} media lines` });
  const lines = media.map(readMedia);
  if (new Set(lines.map((line) => line.mid)).size !== lines.length)
    throw new SdpError("unreadable", { detail: "mid twice" });
  return { transport: readTransport(parsed, media), media: lines };
}

function readTransport(parsed: Parsed, media: readonly ParsedMedia[]): RemoteTransport {
  const first = media.find((line) => line.iceUfrag !== undefined) ?? media[0];
  const usernameFragment = String(first?.iceUfrag ?? parsed.iceUfrag ?? "");
  const password = String(first?.icePwd ?? parsed.icePwd ?? "");
  const print = first?.fingerprint ?? parsed.fingerprint;
  const setup = first?.setup ?? parsed.setup ?? "actpass";
  if (!ICE.test(usernameFragment) || !ICE.test(password))
    throw new SdpError("no-transport", { detail: "no ICE credentials" });
  if (!print || !/^sha-(1|224|256|384|512)$/i.test(String(print.type)) || !FINGERPRINT.test(String(print.hash))) {
    throw new SdpError("no-transport", { detail: "no DTLS fingerprint" });
  }
  if (setup !== "actpass" && setup !== "active" && setup !== "passive") {
    throw new SdpError("no-transport", { detail: "no DTLS role" });
  }
  if (media.some((line) => line.iceUfrag !== undefined && String(line.iceUfrag) !== usernameFragment)) {
    throw new SdpError("not-bundled", { detail: "media lines must share one transport (BUNDLE)" });
  }
  return { usernameFragment, password, fingerprint: `${print.type.toLowerCase()} ${print.hash.toUpperCase()}`, setup };
}

function readMedia(line: ParsedMedia, index: number): SdpMedia {
  const mid = String(line.mid ?? index);
  if (!TOKEN.test(mid) || !TOKEN.test(String(line.type)))
    throw new SdpError("unreadable", { detail: "bad media line" });
  const direction = line.direction ?? "sendrecv";
  return {
    mid,
    type: line.type,
    protocol: /^[A-Za-z0-9/]{1,40}$/.test(line.protocol) ? line.protocol : "UDP/TLS/RTP/SAVPF",
    payloads: /^[\x20-\x7e]{1,400}$/.test(String(line.payloads ?? "")) ? String(line.payloads) : "0",
    port: Number(line.port) || 0,
    direction: ["sendrecv", "sendonly", "recvonly", "inactive"].includes(direction) ? direction : "inactive",
    codecs: readCodecs(line),
    extensions: readExtensions(line),
    rids: readRids(line),
    ssrcs: readSsrcs(line),
  };
}

function readCodecs(line: ParsedMedia): SdpCodec[] {
  const formats = new Map((line.fmtp ?? []).map((entry) => [entry.payload, String(entry.config ?? "")]));
  const retransmissions = new Map<number, number>();
  for (const rtp of line.rtp ?? []) {
    const original = /(?:^|;)\s*apt=(\d{1,3})/.exec(formats.get(rtp.payload) ?? "")?.[1];
    if (String(rtp.codec).toLowerCase() === "rtx" && original) retransmissions.set(Number(original), rtp.payload);
  }
  const order = String(line.payloads ?? "").split(" ");
  return (line.rtp ?? [])
    .filter((rtp) => CODECS[String(rtp.codec).toLowerCase()] && rtp.payload >= 0 && rtp.payload <= 127)
    .sort((a, b) => order.indexOf(String(a.payload)) - order.indexOf(String(b.payload)))
    .slice(0, 32)
    .map((rtp) => ({
      name: CODECS[String(rtp.codec).toLowerCase()] ?? "opus",
      payloadType: rtp.payload,
      clockRate: rtp.rate ?? 90_000,
      channels: line.type === "audio" ? Number(rtp.encoding ?? 1) || 1 : 0,
      fmtp: cleanFormat(formats.get(rtp.payload) ?? ""),
      rtxPayloadType: retransmissions.get(rtp.payload) ?? 0,
      feedback: readFeedback(line, rtp.payload),
    }))
    .filter(usable);
}

/** Opus as RFC 7587 4.1 has it, video on its 90 kHz clock, H.264 in a packetisation mode of RFC 6184 that is read. */
function usable(codec: SdpCodec): boolean {
  if (codec.name === "opus") return codec.clockRate === 48_000;
  return codec.clockRate === 90_000 && !/packetization-mode=2/.test(codec.fmtp);
}

const cleanFormat = (text: string): string => (/^[\x20-\x7e]{0,512}$/.test(text) ? text : "");

function readFeedback(line: ParsedMedia, payloadType: number): string[] {
  return (line.rtcpFb ?? [])
    .filter((entry) => entry.payload === payloadType || String(entry.payload) === "*")
    .map((entry) => `${entry.type}${entry.subtype ? ` ${entry.subtype}` : ""}`);
}

function readExtensions(line: ParsedMedia): Map<string, number> {
  // Ids above 14 need two-byte headers, which are not offered.
  const usableId = (id: unknown): id is number => typeof id === "number" && id >= 1 && id <= 14;
  return new Map((line.ext ?? []).filter((ext) => usableId(ext.value)).map((ext) => [String(ext.uri), ext.value]));
}

function readRids(line: ParsedMedia): string[] {
  const known = new Set((line.rids ?? []).filter((rid) => rid.direction === "send").map((rid) => String(rid.id)));
  const list = line.simulcast?.dir1 === "send" ? String(line.simulcast.list1 ?? "") : "";
  return list
    .split(/[;,]/)
    .map((rid) => rid.replace(/^~/, ""))
    .filter((rid) => known.has(rid) && /^[A-Za-z0-9_-]{1,32}$/.test(rid))
    .slice(0, 4);
}

function readSsrcs(line: ParsedMedia): { readonly ssrc: number; readonly rtxSsrc: number }[] {
  const all = [...new Set((line.ssrcs ?? []).map((entry) => Number(entry.id)))].filter(
    (ssrc) => Number.isInteger(ssrc) && ssrc >= 0 && ssrc <= 0xffff_ffff,
  );
  const groups = (line.ssrcGroups ?? [])
    .filter((group) => group.semantics === "FID")
    .map((group) => String(group.ssrcs).split(" ").map(Number));
  const retransmissions = new Map(groups.map(([ssrc = 0, rtx = 0]) => [ssrc, rtx]));
  const rtx = new Set(retransmissions.values());
  return all
    .filter((ssrc) => !rtx.has(ssrc))
    .slice(0, 8)
    .map((ssrc) => ({ ssrc, rtxSsrc: retransmissions.get(ssrc) ?? 0 }));
}
