/**
 * A far end that is no browser: its offer and its packets are what the test writes. On node-datachannel, whose C++
 * library OBS publishes with.
 */
import nodeDataChannel, { type PeerConnection } from "node-datachannel";

/** One line of the offer that the client sends on. */
export interface RawLine {
  readonly kind: "audio" | "video";
  readonly ssrc: number;
}

export const RAW_PAYLOAD_TYPES = { audio: 111, video: 96 } as const;
const CODEC_LINES = {
  audio: ["a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1"],
  video: [
    "a=rtpmap:96 H264/90000",
    "a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1",
    "a=rtcp-fb:96 nack",
    "a=rtcp-fb:96 nack pli",
    "a=rtcp-fb:96 goog-remb",
  ],
} as const;
let serial = 0;

export class RawClient {
  /** In the order OBS writes it, without candidates. */
  readonly offer: string;
  /** Every packet received, decrypted. */
  onPacket: (packet: Buffer) => void = () => {};
  readonly connected: Promise<void>;
  readonly #peer: PeerConnection;
  readonly #track: ReturnType<PeerConnection["addTrack"]>;

  constructor(lines: readonly RawLine[]) {
    serial += 1;
    this.#peer = new nodeDataChannel.PeerConnection(`client-${serial}`, {
      ...{ iceServers: [], disableAutoNegotiation: true, forceMediaTransport: true },
    });
    const media = new nodeDataChannel.Video("rtp", "SendRecv");
    media.addVP8Codec(RAW_PAYLOAD_TYPES.video);
    this.#track = this.#peer.addTrack(media);
    this.#track.onMessage((packet) => this.onPacket(packet));
    const connected = Promise.withResolvers<void>();
    this.connected = connected.promise;
    this.#track.onOpen(() => connected.resolve());
    this.#peer.setLocalDescription("offer");
    this.offer = describe(this.#peer.localDescription()?.sdp ?? "", lines);
  }

  /** Takes the server's answer. */
  answered(sdp: string): void {
    const find = (name: string) => new RegExp(`^a=${name}:(.*?)\\r?$`, "m").exec(sdp)?.[1] ?? "";
    const candidates = [...sdp.matchAll(/^a=candidate:(.*? udp .*?)\r?$/gim)].map((found) => `a=candidate:${found[1]}`);
    const reduced = [
      ...["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE rtp"],
      ...[`m=video 9 UDP/TLS/RTP/SAVPF ${RAW_PAYLOAD_TYPES.video}`, "c=IN IP4 0.0.0.0", "a=mid:rtp"],
      ...[`a=ice-ufrag:${find("ice-ufrag")}`, `a=ice-pwd:${find("ice-pwd")}`],
      ...[`a=fingerprint:${find("fingerprint")}`, `a=setup:${find("setup")}`, "a=sendrecv", "a=rtcp-mux"],
      ...[`a=rtpmap:${RAW_PAYLOAD_TYPES.video} VP8/90000`, ...new Set(candidates)],
    ];
    this.#peer.setRemoteDescription(`${reduced.join("\r\n")}\r\n`, "answer");
  }

  /** False for what SRTP cannot protect, or when the connection is gone. */
  send(packet: Buffer): boolean {
    try {
      return this.#track.isOpen() && this.#track.sendMessageBinary(packet);
    } catch {
      return false;
    }
  }

  close(): void {
    this.#peer.close();
  }
}

function describe(own: string, lines: readonly RawLine[]): string {
  const find = (name: string) => new RegExp(`^a=${name}:(.*?)\\r?$`, "m").exec(own)?.[1] ?? "";
  const transport = [
    ...[`a=ice-ufrag:${find("ice-ufrag")}`, `a=ice-pwd:${find("ice-pwd")}`, "a=ice-options:trickle"],
    ...[`a=fingerprint:${find("fingerprint")}`, "a=setup:actpass"],
  ];
  const text = [
    ...["v=0", "o=rtc 3767197920 0 IN IP4 127.0.0.1", "s=-", "t=0 0"],
    `a=group:BUNDLE ${lines.map((_, mid) => mid).join(" ")}`,
    ...["a=group:LS 0 1", "a=msid-semantic:WMS *", ...transport],
    ...lines.flatMap(({ kind, ssrc }, mid) => [
      ...[`m=${kind} 9 UDP/TLS/RTP/SAVPF ${RAW_PAYLOAD_TYPES[kind]}`, "c=IN IP4 0.0.0.0", `a=mid:${mid}`, "a=sendonly"],
      ...[`a=ssrc:${ssrc} cname:raw`, `a=ssrc:${ssrc} msid:raw raw-${kind}`, "a=rtcp-mux"],
      ...CODEC_LINES[kind],
    ]),
  ];
  return `${text.join("\r\n")}\r\n`;
}
