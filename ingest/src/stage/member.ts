import { randomBytes, randomUUID } from "node:crypto";
import type { Logger } from "@lianmai/process";
import type { PeerParts } from "../rtc/peer-factory.ts";
import type { Consumer } from "../sfu/consumer.ts";
import { HandoverSource } from "../sfu/handover-source.ts";
import type { Producer } from "../sfu/producer.ts";
import type { StageReply } from "../signalling.ts";
import type { SourceSlot, StageActor, StageSource } from "../stage-contract.ts";
import { chooseLayers } from "./choose-layers.ts";
import { MemberPeer, type WantedTrack } from "./member-peer.ts";

/** A source that transcode may read. */
export interface OfferedMemberSource {
  readonly source: HandoverSource;
  readonly token: string;
}

export interface MemberOptions {
  readonly actor: StageActor;
  readonly peers: PeerParts;
  readonly logger: Logger;
  readonly sourceBaseUrl: () => string;
  readonly send: (reply: StageReply) => void;
  /** Ends the events: the browser is gone, or comes back anew. */
  readonly end: () => void;
  /** Media have begun or ended: the stage's sources and everybody's tracks are to be looked at. */
  readonly onMedia: () => void;
  /** The way to the browser has become too narrow: {@link Member.allocate} is due. */
  readonly onNarrower: () => void;
}

const SLOT_INDEX: Readonly<Record<SourceSlot, number>> = { camera: 0, screen: 1 };
const PICTURE_HEIGHT = 360;
/** Pictures of the others whose size is kept. */
const MAX_HEIGHTS = 64;

/** A microphone that was changed may come under another SSRC; who is muted is not heard under any. */
function hearNewest(consumer: Consumer, isMuted: boolean, nowMs: number): void {
  consumer.pause(isMuted, nowMs);
  const flowing = consumer.producer.liveLayers(nowMs).at(-1);
  if (flowing) consumer.want(flowing.index, nowMs);
}

/** Somebody connected to a room's stage: signalling, and after `join`, media. */
export class Member {
  readonly actor: StageActor;
  readonly connectionId = randomUUID();
  readonly #options: MemberOptions;
  readonly #sources = new Map<SourceSlot, OfferedMemberSource & { readonly offered: StageSource }>();
  readonly #heights = new Map<string, number>();
  #peer: MemberPeer | undefined;
  #screenOn = false;
  #requestMs: number;

  constructor(options: MemberOptions) {
    this.actor = options.actor;
    this.#options = options;
    this.#requestMs = options.peers.nowMs();
  }

  get joined(): boolean {
    return this.#peer !== undefined;
  }

  get peer(): MemberPeer | undefined {
    return this.#peer;
  }

  send(reply: StageReply): void {
    this.#options.send(reply);
  }

  /** The browser has asked for something. */
  requested(): void {
    this.#requestMs = this.#options.peers.nowMs();
  }

  /** How long neither media nor requests have come of the browser. */
  quietMs(nowMs: number): number {
    return Math.min(nowMs - this.#requestMs, this.#peer?.connection.silentMs ?? Number.POSITIVE_INFINITY);
  }

  /** Ends everything with this browser. */
  end(): void {
    this.#options.end();
  }

  /** Answers the browser's offer; a connection before it is closed. Throws SdpError. */
  join(sdp: string): string {
    const { peers, onMedia, onNarrower, send } = this.#options;
    this.leave();
    const peer: MemberPeer = new MemberPeer(sdp, {
      ...peers,
      onConnected: () => {
        if (this.#peer !== peer) return;
        this.#openSource("camera");
        if (this.#screenOn) this.#openSource("screen");
        onMedia();
      },
      onClosed: () => {
        if (this.#peer !== peer) return;
        this.#peer = undefined;
        this.#closeSources();
        send({ kind: "media-lost" });
        onMedia();
      },
      sendOffer: (offer) => send({ kind: "offer", ...offer }),
    });
    this.#peer = peer;
    peer.connection.onNarrower = onNarrower;
    return peer.answer();
  }

  /** Ends the media; signalling stays. */
  leave(): void {
    const peer = this.#peer;
    this.#peer = undefined;
    this.#closeSources();
    peer?.close();
  }

  /** The screen's source is there while the screen is shared. */
  screenShared(on: boolean): void {
    if (on === this.#screenOn) return;
    this.#screenOn = on;
    if (on && this.#peer) this.#openSource("screen");
    else if (!on) this.#closeSource("screen");
  }

  /** For transcode. */
  sources(): StageSource[] {
    return [...this.#sources.values()].map(({ offered }) => offered);
  }

  findSource(sourceId: string): OfferedMemberSource | undefined {
    return [...this.#sources.values()].find(({ offered }) => offered.sourceId === sourceId);
  }

  /** What the others may get of this member. */
  tracks(participantId: string): WantedTrack[] {
    return [...this.#sources.keys()].flatMap((slot) =>
      (["audio", "video"] as const).flatMap((kind) => {
        const track = this.#peer?.published(kind, SLOT_INDEX[slot]);
        return track ? [{ participantId, slot, producer: track.producer }] : [];
      }),
    );
  }

  /** Its camera and microphone, with the payload types they come under. */
  camera(): { readonly producer: Producer; readonly payloadType: number }[] {
    const tracks = [this.#peer?.published("audio", 0), this.#peer?.published("video", 0)];
    return tracks.filter((track) => track !== undefined);
  }

  /** RFC 6464: 127 is silence. */
  audioLevel(nowMs: number): number {
    return this.#peer?.published("audio", 0)?.producer.audioLevel(nowMs) ?? 127;
  }

  shownAt(participantId: string, slot: SourceSlot, height: number): void {
    const picture = `${participantId} ${slot}`;
    if (this.#heights.has(picture) || this.#heights.size < MAX_HEIGHTS) this.#heights.set(picture, height);
  }

  /** Chooses layers for what its way carries, and silences whom the host has muted. Twice a second. */
  allocate(muted: (participantId: string) => boolean, nowMs: number): void {
    const peer = this.#peer;
    if (!peer) return;
    const all = peer.consumers();
    const sounds = all.filter(({ consumer }) => consumer.producer.kind === "audio");
    for (const { wanted, consumer } of sounds) hearNewest(consumer, muted(wanted.participantId), nowMs);
    const pictures = all.filter(({ consumer }) => consumer.producer.kind === "video");
    const { bandwidth } = peer.connection;
    const congested = bandwidth.congested(nowMs);
    const chosen = chooseLayers(
      pictures.map(({ wanted, consumer }) => ({
        layers: consumer.producer.liveLayers(nowMs),
        height: this.#heights.get(`${wanted.participantId} ${wanted.slot}`) ?? PICTURE_HEIGHT,
        current: consumer.current,
      })),
      sounds.length,
      { bits: bandwidth.heard ? bandwidth.estimate : Number.POSITIVE_INFINITY, congested },
    );
    bandwidth.wish(chosen.next);
    for (const [i, { consumer }] of pictures.entries()) {
      const layer = chosen.layers[i];
      const flows = consumer.producer.liveLayers(nowMs).length > 0;
      if (layer !== undefined) consumer.want(layer, nowMs, congested ? { drainMs: bandwidth.drainMs } : {});
      consumer.pause(layer === undefined && flows, nowMs);
    }
  }

  #openSource(slot: SourceSlot): void {
    const index = SLOT_INDEX[slot];
    const found = [this.#peer?.published("audio", index), this.#peer?.published("video", index)];
    const tracks = found.filter((track) => track !== undefined);
    if (tracks.length === 0 || this.#sources.has(slot)) return;
    const sourceId = randomUUID();
    const token = randomBytes(24).toString("base64url");
    const has = (kind: "audio" | "video") => tracks.some(({ producer }) => producer.kind === kind);
    this.#sources.set(slot, {
      source: new HandoverSource(tracks, { nowMs: this.#options.peers.nowMs }),
      token,
      offered: {
        sourceId,
        slot,
        url: `${this.#options.sourceBaseUrl()}/sources/${sourceId}?token=${token}`,
        hasVideo: has("video"),
        hasAudio: has("audio"),
      },
    });
  }

  #closeSource(slot: SourceSlot): void {
    this.#sources.get(slot)?.source.end();
    this.#sources.delete(slot);
  }

  #closeSources(): void {
    for (const slot of [...this.#sources.keys()]) this.#closeSource(slot);
  }
}
