import { inputOf, participantIdOf, type StageInput } from "../seats/reduce.ts";
import type { StoreOutcome } from "../seats/store.ts";
import type { SignallingCode, StageReply, StageRequest } from "../signalling.ts";
import type { Stage, StageActor, StageParticipant } from "../stage-contract.ts";
import { SdpError } from "../webrtc/sdp.ts";
import { chooseTracks } from "./choose-tracks.ts";
import { EncoderTracks } from "./encoder-tracks.ts";
import { Member, type MemberOptions, type OfferedMemberSource } from "./member.ts";
import { lookAfter } from "./presence.ts";
import type { Caller, RoomOptions } from "./room-options.ts";
import { sameSources, speakersOf, tellQuality, viewFor } from "./views.ts";

/** Browsers connected to one room's stage at once. */
export const MAX_MEMBERS = 64;
const TICK_MS = 250;
const SWEEP_EVERY_TICKS = 4;
const ALLOCATE_EVERY_TICKS = 2;
const QUALITY_EVERY_TICKS = 8;
const LOOK_EVERY_TICKS = 4;

/** One room's stage on this node: who is connected, and what goes from whom to whom. */
export class StageRoom {
  readonly #options: RoomOptions;
  readonly #members = new Map<string, Member>();
  readonly #timer: NodeJS.Timeout;
  readonly #encoder: EncoderTracks;
  #stage: Stage;
  #ticks = 0;
  #speakers = "";
  #queue: Promise<unknown> = Promise.resolve();

  constructor(stage: Stage, options: RoomOptions) {
    this.#stage = stage;
    this.#options = options;
    this.#encoder = new EncoderTracks(options);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  get size(): number {
    return this.#members.size;
  }

  /** Whether somebody's place still depends on this node. */
  get idle(): boolean {
    return this.#members.size === 0 && !this.#stage.participants.some(({ connection }) => connection === "away");
  }

  /** A browser has come; one of the same user before it is sent away. Undefined: too many. */
  open(actor: StageActor, way: Pick<MemberOptions, "send" | "end">): Member | undefined {
    const participantId = participantIdOf(actor.userId);
    const before = this.#members.get(participantId);
    if (!before && this.#members.size >= MAX_MEMBERS) return undefined;
    before?.send({ kind: "bye", code: "replaced" });
    if (before) this.#endMedia(before);
    const { peers, logger, sourceBaseUrl } = this.#options;
    const member: Member = new Member({
      ...{ actor, peers, sourceBaseUrl, ...way },
      logger: logger.child({ participant: participantId }),
      onMedia: () => this.#mediaChanged(member),
      onNarrower: () => this.#allocate(member),
    });
    this.#members.set(participantId, member);
    // Who is new is told with the next tick.
    this.#speakers = "";
    const iceServers = this.#options.iceServers(actor.userId);
    const { connectionId } = member;
    const stage = viewFor(this.#stage, actor);
    member.send({ kind: "welcome", connectionId, participantId, role: actor.role, iceServers, stage });
    if (actor.role === "host") void this.#apply({ kind: "host-joined", actor });
    else if (this.#participant(participantId)) void this.#apply({ kind: "back", participantId });
    return member;
  }

  /** The browser's signalling is gone. */
  closed(member: Member): void {
    const participantId = participantIdOf(member.actor.userId);
    if (this.#members.get(participantId) !== member) {
      member.leave();
      return;
    }
    this.#endMedia(member);
    this.#members.delete(participantId);
    if (this.#participant(participantId)) void this.#apply({ kind: "away", participantId });
    this.#route();
  }

  find(connectionId: string): Member | undefined {
    return [...this.#members.values()].find((member) => member.connectionId === connectionId);
  }

  findSource(sourceId: string): OfferedMemberSource | undefined {
    const found = [...this.#members.values()].map((member) => member.findSource(sourceId));
    return found.find((source) => source !== undefined);
  }

  /** Takes a request of a member; what comes of it is sent. */
  async request(member: Member, request: StageRequest, caller: Caller): Promise<void> {
    member.requested();
    switch (request.kind) {
      case "join":
        this.#join(member, request.sdp);
        break;
      case "answer":
        this.#answer(member, request.offerId, request.sdp);
        break;
      case "command": {
        const { commandId, command } = request;
        const code = await this.#command(caller.actor, command);
        member.send({ kind: "result", commandId, code });
        break;
      }
      case "on-air": {
        const code = await this.#goOnAir(member, request.live, caller);
        member.send({ kind: "result", commandId: request.commandId, code });
        break;
      }
      case "sizes":
        for (const { participantId, slot, height } of request.sizes) member.shownAt(participantId, slot, height);
        break;
      case "ping":
        member.send({ kind: "pong" });
        break;
      case "pong":
        break;
    }
  }

  /** The stage has changed, here or by another process. */
  changed(stage: Stage): void {
    if (stage.version <= this.#stage.version) return;
    const before = this.#stage;
    this.#stage = stage;
    for (const [participantId, member] of this.#members) {
      const was = before.participants.some((one) => one.participantId === participantId);
      const is = stage.participants.some((one) => one.participantId === participantId);
      if (was && !is) member.leave();
      member.send({ kind: "stage", stage: viewFor(stage, member.actor) });
    }
    for (const { participantId, own } of stage.participants) {
      this.#members.get(participantId)?.screenShared(own.screen);
    }
    this.#route();
    // At once, not with the next tick: a mute is heard.
    for (const member of this.#members.values()) this.#allocate(member);
    for (const member of this.#members.values()) this.#tellSources(member);
  }

  /** An act of moderation from elsewhere. */
  direct(input: StageInput): Promise<StoreOutcome | undefined> {
    return this.#apply(input);
  }

  close(code: SignallingCode): void {
    clearInterval(this.#timer);
    this.#encoder.close();
    for (const member of this.#members.values()) {
      member.send({ kind: "bye", code });
      member.leave();
    }
    this.#members.clear();
  }

  #join(member: Member, sdp: string): void {
    const participant = this.#participant(participantIdOf(member.actor.userId));
    const at = participant?.place.at;
    if (at !== "backstage" && at !== "seated") {
      member.send({ kind: "join-refused", code: "not-on-stage" });
      return;
    }
    // The publication is made of the tracks of one connection: the host claims it anew for the next.
    this.#endMedia(member);
    try {
      member.send({ kind: "joined", sdp: member.join(sdp) });
      this.#route();
    } catch (error) {
      if (!(error instanceof SdpError)) this.#options.logger.warn({ err: error }, "cannot open a peer");
      member.send({ kind: "join-refused", code: "offer-unusable" });
    }
  }

  #answer(member: Member, offerId: number, sdp: string): void {
    try {
      member.peer?.answered(offerId, sdp);
      // Before the first packet: who is muted is not heard by who has just come.
      this.#allocate(member);
    } catch {
      // The connection cannot go on with an answer that cannot be read: the browser joins anew.
      this.#endMedia(member);
      member.send({ kind: "media-lost" });
    }
  }

  /** Ends what a member sends and gets, and the publication made of it. */
  #endMedia(member: Member): void {
    member.leave();
    this.#options.onAir.stop(this.#options.room, member.actor.userId);
  }

  async #command(
    actor: StageActor,
    command: Extract<StageRequest, { kind: "command" }>["command"],
  ): Promise<Extract<StageReply, { kind: "result" }>["code"]> {
    const outcome = await this.#apply(inputOf(actor, command));
    if (!outcome) return "stage-busy";
    return outcome.kind === "done" ? "done" : outcome.code;
  }

  async #goOnAir(member: Member, live: boolean, caller: Caller): Promise<"done" | SignallingCode> {
    const { room, onAir } = this.#options;
    if (caller.actor.role !== "host") return "not-allowed";
    if (!live) {
      onAir.stop(room, caller.actor.userId);
      return "done";
    }
    const tracks = member.camera();
    return tracks.length === 0 ? "not-joined" : await onAir.start(room, { ...caller, tracks });
  }

  /** In order, so that what a browser sends first is decided first. */
  #apply(input: StageInput): Promise<StoreOutcome | undefined> {
    const { store, room, logger } = this.#options;
    const applied = this.#queue.then(async () => {
      const outcome = await store.apply(room, input);
      if (outcome.kind === "done") this.changed(outcome.stage);
      return outcome;
    });
    const safe = applied.catch((error: unknown) => {
      logger.warn({ room, reason: String(error) }, "the stage could not be changed");
      return undefined;
    });
    this.#queue = safe;
    return safe;
  }

  #mediaChanged(member: Member): void {
    this.#tellSources(member);
    void this.#lookForEncoder();
    if (!member.joined) this.#options.onAir.stop(this.#options.room, member.actor.userId);
    this.#route();
  }

  /** The host's camera reaches transcode as the room's publication, not as a source of the stage. */
  #tellSources(member: Member): void {
    const participantId = participantIdOf(member.actor.userId);
    const participant = this.#participant(participantId);
    if (!participant || participant.connection === "away") return;
    const sources = member.sources().filter(({ slot }) => participant.role !== "host" || slot === "screen");
    if (sameSources(sources, participant.sources)) return;
    void this.#apply({ kind: "sources", participantId, sources });
  }

  /** What an encoder sends begins and ends without anything happening on the stage. */
  async #lookForEncoder(): Promise<void> {
    const isGuest = ({ actor, joined }: Member) => joined && actor.role !== "host";
    await this.#encoder.look({ wanted: [...this.#members.values()].some(isGuest) });
    this.#route();
  }

  /** Everybody with media gets what is theirs. */
  #route(): void {
    const tracks = {
      seated: this.#stage.participants.filter(({ place }) => place.at === "seated"),
      of: (id: string) => this.#members.get(id)?.tracks(id) ?? [],
      encoder: this.#encoder.tracks(this.#options.peers.nowMs()),
    };
    for (const [participantId, { peer, actor }] of this.#members) {
      peer?.want(chooseTracks({ participantId, isHost: actor.role === "host" }, tracks));
    }
  }

  #tick(): void {
    this.#ticks += 1;
    if (this.#ticks % ALLOCATE_EVERY_TICKS === 0) for (const member of this.#members.values()) this.#allocate(member);
    if (this.#ticks % QUALITY_EVERY_TICKS === 0) tellQuality(this.#members);
    if (this.#ticks % QUALITY_EVERY_TICKS === 1) void this.#lookForEncoder();
    if (this.#ticks % SWEEP_EVERY_TICKS === 0 && this.#stage.participants.some(isAway))
      void this.#apply({ kind: "sweep" });
    if (this.#ticks % LOOK_EVERY_TICKS === 0) lookAfter(this.#members.values(), this.#options.peers.nowMs());
    this.#tellSpeakers();
  }

  #allocate(member: Member): void {
    member.allocate((id) => this.#participant(id)?.muted ?? false, this.#options.peers.nowMs());
  }

  #tellSpeakers(): void {
    const isMuted = (id: string) => this.#participant(id)?.muted ?? false;
    const speaking = speakersOf(this.#members, isMuted, this.#options.peers.nowMs());
    if (speaking.join() === this.#speakers) return;
    this.#speakers = speaking.join();
    for (const member of this.#members.values()) member.send({ kind: "speakers", participantIds: speaking });
  }

  #participant(participantId: string): StageParticipant | undefined {
    return this.#stage.participants.find((one) => one.participantId === participantId);
  }
}

const isAway = ({ connection }: StageParticipant): boolean => connection === "away";
