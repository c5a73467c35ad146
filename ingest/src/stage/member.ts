import { randomBytes, randomUUID } from "node:crypto";
import type { Logger } from "@lianmai/process";
import type { PeerParts } from "../rtc/peer-factory.ts";
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
  /** Media have begun or ended: the stage's sources and everybody's tracks are to be looked at. */
  readonly onMedia: () => void;
  /** The way to the browser has become too narrow: {@link Member.allocate} is due. */
  readonly onNarrower: () => void;
}

const SLOT_INDEX: Readonly<Record<SourceSlot, number>> = { camera: 0, screen: 1 };
const PICTURE_HEIGHT = 360;

/** Somebody connected to a room's stage: signalling, and after `join`, media. */
export class Member {
  readonly actor: StageActor;
  readonly connectionId = randomUUID();
  readonly #options: MemberOptions;
  readonly #sources = new Map<SourceSlot, OfferedMemberSource & { readonly offered: StageSource }>();
  readonly #heights = new Map<string, number>();
  #peer: MemberPeer | undefined;
  #screenOn = false;

  constructor(options: MemberOptions) {
    this.actor = options.actor;
    this.#options = options;
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
    if (this.#heights.size < 64) this.#heights.set(`${participantId} ${slot}`, height);
  }

  /** Chooses layers for what its way carries, and silences whom the host has muted. Twice a second. */
  allocate(muted: (participantId: string) => boolean, nowMs: number): void {
    const peer = this.#peer;
    if (!peer) return;
    const all = peer.consumers();
    for (const { wanted, consumer } of all) {
      if (consumer.producer.kind === "audio") consumer.pause(muted(wanted.participantId), nowMs);
    }
    const pictures = all.filter(({ consumer }) => consumer.producer.kind === "video");
    const { bandwidth } = peer.connection;
    const congested = bandwidth.congested(nowMs);
    const chosen = chooseLayers(
      pictures.map(({ wanted, consumer }) => ({
        layers: consumer.producer.liveLayers(nowMs),
        height: this.#heights.get(`${wanted.participantId} ${wanted.slot}`) ?? PICTURE_HEIGHT,
        current: consumer.current,
      })),
      all.length - pictures.length,
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
