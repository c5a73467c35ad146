import { type MediaPeer, openPeer, type PeerParts } from "../rtc/peer-factory.ts";
import type { Consumer } from "../sfu/consumer.ts";
import type { Producer } from "../sfu/producer.ts";
import type { StageTrack } from "../signalling.ts";
import type { SourceSlot } from "../stage-contract.ts";
import { type AgreedLine, pickCodec, sendLine, takeLine, targetOf } from "../webrtc/negotiate.ts";
import { readDescription, type SdpCodec, type SessionDescription } from "../webrtc/sdp.ts";
import type { LocalLine } from "../webrtc/write-sdp.ts";

/** A track of somebody else that a member is to get. */
export interface WantedTrack {
  readonly participantId: string;
  readonly slot: SourceSlot;
  readonly producer: Producer;
}

/** A line of ours in the member's session: in use, or waiting to be used again. */
interface SendingLine {
  readonly mid: string;
  readonly kind: "audio" | "video";
  wanted: WantedTrack | undefined;
  local: LocalLine;
  consumer: Consumer | undefined;
  codec: SdpCodec;
}

/** An answer to an offer must come within this, or the member's connection is given up. */
const ANSWER_BUDGET_MS = 10_000;
/** Lines in one session: its own four, and what eight others send at most, twice over for codecs that differ. */
const MAX_LINES = 44;
const PREFERRED = ["vp8", "h264", "opus"] as const;

export interface MemberPeerOptions extends PeerParts {
  readonly onConnected: () => void;
  readonly onClosed: () => void;
  readonly sendOffer: (offer: {
    readonly offerId: number;
    readonly sdp: string;
    readonly tracks: readonly StageTrack[];
  }) => void;
}

/**
 * One participant's connection: what it sends, and lines of ours for what the others send. The browser has made the
 * first offer; the later ones are ours, one at a time, and only ever touch our own lines.
 */
export class MemberPeer {
  readonly #peer: MediaPeer;
  readonly #options: MemberPeerOptions;
  readonly #own: readonly AgreedLine[];
  readonly #offer: SessionDescription;
  readonly #lines: SendingLine[] = [];
  #wanted: readonly WantedTrack[] = [];
  #offerId = 0;
  #pending: NodeJS.Timeout | undefined;
  #dirty = false;
  #closed = false;

  /** Throws SdpError for an offer that cannot be used. */
  constructor(sdp: string, options: MemberPeerOptions) {
    this.#options = options;
    this.#offer = readDescription(sdp);
    this.#own = this.#offer.media.map((media) => takeLine(media, PREFERRED));
    this.#peer = openPeer(this.#offer, this.#own, {
      ...options,
      onClosed: () => {
        clearTimeout(this.#pending);
        this.#closed = true;
        options.onClosed();
      },
    });
  }

  get connection() {
    return this.#peer.connection;
  }

  answer(): string {
    return this.#peer.describe(
      this.#own.map(({ local }) => local),
      "answer",
    );
  }

  /** What this member sends: by kind, in the order of its lines (microphone, screen sound; camera, screen). */
  published(kind: "audio" | "video", index: number): { producer: Producer; payloadType: number } | undefined {
    const line = this.#own.filter(({ local }) => local.type === kind)[index]?.published;
    const producer = line && this.#peer.connection.publisher.producer(line.mid);
    return producer && { producer, payloadType: line.codec.payloadType };
  }

  /** Consumers with the tracks they carry. */
  consumers(): { readonly wanted: WantedTrack; readonly consumer: Consumer }[] {
    return this.#lines.flatMap(({ wanted, consumer }) => (wanted && consumer ? [{ wanted, consumer }] : []));
  }

  /** Changes what the member gets; an offer follows if anything is to change. */
  want(tracks: readonly WantedTrack[]): void {
    this.#wanted = tracks;
    if (this.#pending) this.#dirty = true;
    else this.#negotiate();
  }

  /** Takes the browser's answer to an offer. Throws SdpError; an answer to another offer is ignored. */
  answered(offerId: number, sdp: string): void {
    if (offerId !== this.#offerId || !this.#pending) return;
    const answer = readDescription(sdp);
    clearTimeout(this.#pending);
    this.#pending = undefined;
    for (const line of this.#lines) {
      const media = answer.media.find(({ mid }) => mid === line.mid);
      const taken = media && media.port !== 0 && (media.direction === "recvonly" || media.direction === "sendrecv");
      if (taken && line.wanted && !line.consumer) this.#start(line, line.wanted);
    }
    if (!this.#dirty) return;
    this.#dirty = false;
    this.#negotiate();
  }

  close(): void {
    this.#peer.close();
  }

  #negotiate(): void {
    if (this.#closed || !this.#rearrange()) return;
    this.#offerId += 1;
    const lines = [...this.#own.map(({ local }) => local), ...this.#lines.map(({ local }) => local)];
    const tracks = this.#lines.flatMap(({ mid, kind, wanted }) =>
      wanted ? [{ mid, kind, participantId: wanted.participantId, slot: wanted.slot }] : [],
    );
    this.#pending = setTimeout(() => this.close(), ANSWER_BUDGET_MS);
    this.#options.sendOffer({ offerId: this.#offerId, sdp: this.#peer.describe(lines, "offer"), tracks });
  }

  /** Gives lines to tracks that have none and takes them from those no longer wanted; whether anything changed. */
  #rearrange(): boolean {
    let changed = false;
    for (const line of this.#lines) {
      if (!line.wanted || this.#wanted.some(({ producer }) => producer === line.wanted?.producer)) continue;
      if (line.consumer) this.#peer.connection.stopConsuming(line.consumer);
      line.consumer = undefined;
      line.wanted = undefined;
      line.local = { ...line.local, direction: "inactive", sending: undefined };
      changed = true;
    }
    for (const wanted of this.#wanted) {
      if (this.#lines.some((line) => line.wanted?.producer === wanted.producer)) continue;
      changed = this.#place(wanted) || changed;
    }
    return changed;
  }

  #place(wanted: WantedTrack): boolean {
    const { kind, codec: made } = wanted.producer;
    const offered = this.#offer.media.find(({ type }) => type === kind);
    const codec = offered && pickCodec(offered.codecs, [made.name]);
    if (!offered || !codec) return false;
    const free = this.#lines.find((line) => !line.wanted && line.kind === kind && line.codec === codec);
    if (!free && this.#lines.length + this.#own.length >= MAX_LINES) return false;
    const mid = free?.mid ?? `s${this.#lines.length}`;
    const ssrc = randomSsrc();
    const sending = {
      ...{ ssrc, rtxSsrc: randomSsrc(), cname: wanted.participantId },
      // One stream for a camera and its microphone, so that the browser keeps them together.
      streamId: `${wanted.participantId}-${wanted.slot}`,
      trackId: `${mid}-${ssrc}`,
    };
    const local = sendLine({ ...offered, mid, direction: "recvonly" }, { codec: made.name, sending });
    if (!local) return false;
    if (free) Object.assign(free, { wanted, local });
    else this.#lines.push({ mid, kind, wanted, local, consumer: undefined, codec });
    return true;
  }

  #start(line: SendingLine, wanted: WantedTrack): void {
    const target = targetOf(line.local);
    if (!target || wanted.producer.ended) return;
    line.consumer = this.#peer.connection.consume(wanted.producer, target, () => {});
  }
}

const randomSsrc = (): number => 1 + Math.floor(Math.random() * 0xffff_fffe);
