/** A browser on a room's stage: keeps the events and the peer connection going, and says what has come of commands. */
import type { SignallingCode, StageReply, StageRequest } from "@lianmai/ingest/signalling";
import type { DirectorCommand, OwnCommand, OwnMedia, StageRefusal } from "@lianmai/ingest/stage";
import { ReceivedStreams } from "./received-streams.ts";
import type { StageWay } from "./stage-events.ts";
import { SENT_SLOTS, type SentBits, type SentSlot, type SentTracks, StagePeer } from "./stage-peer.ts";
import { hasPlace, mustJoin, NEW_STAGE_STATE, reduceStage, type StageFact, type StageState } from "./stage-state.ts";
import { stageWaitMs } from "./stage-wait.ts";

/** What came of a command. */
export type CommandCode = "done" | StageRefusal | SignallingCode | "no-answer";
type Result = Extract<StageReply, { readonly kind: "result" }>["code"];

const RESULT_BUDGET_MS = 8_000;
/** An answer to "are you there" must come within this, or the events are opened anew. */
const PING_BUDGET_MS = 2_500;

export interface StageClientOptions {
  readonly way: StageWay;
  readonly random?: () => number;
}

export class StageClient {
  state = $state.raw<StageState>(NEW_STAGE_STATE);
  /** Media flow. */
  connected = $state(false);
  readonly streams = new ReceivedStreams();
  readonly #way: StageWay;
  readonly #random: () => number;
  readonly #over = new AbortController();
  readonly #results = new Map<number, (code: CommandCode) => void>();
  #tracks: SentTracks = { microphone: null, camera: null, screen: null, screenSound: null };
  #bits: SentBits = { camera: 1_500_000, screen: 2_000_000 };
  #own: OwnMedia = { microphone: false, camera: false, screen: false };
  #peer: StagePeer | undefined;
  #stream: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #joinTimer: ReturnType<typeof setTimeout> | undefined;
  #attempts = 0;
  #joins = 0;
  #commandId = 0;
  #tail: Promise<unknown> = Promise.resolve();
  #sizes = "";

  constructor({ way, random = Math.random }: StageClientOptions) {
    this.#way = way;
    this.#random = random;
  }

  start(): void {
    const { signal } = this.#over;
    addEventListener("online", () => this.hurry(), { signal });
    document.addEventListener("visibilitychange", () => !document.hidden && this.hurry(), { signal });
    void this.#open();
  }

  /** Something about the network has changed: look at once whether the connection still stands. */
  hurry(): void {
    const { link } = this.state;
    if (link.at === "lost") void this.#open();
    else if (link.at === "open") void this.#checkWay();
  }

  /** Comes back after an end that needed the user's word. */
  reopen(): void {
    this.#take({ kind: "reopen" });
    void this.#open();
  }

  close(): void {
    this.#over.abort();
    this.#stream?.abort();
    clearTimeout(this.#timer);
    this.#dropPeer();
    for (const settle of this.#results.values()) settle("no-answer");
  }

  command(command: OwnCommand | DirectorCommand): Promise<CommandCode> {
    return this.#ask((commandId) => ({ kind: "command", commandId, command }));
  }

  /** Host: what is sent becomes the room's publication, or stops to be. */
  onAir(live: boolean): Promise<CommandCode> {
    return this.#ask((commandId) => ({ kind: "on-air", commandId, live }));
  }

  /** Off the stage by the user's own wish. */
  async leave(command: "leave" | "decline" | "lower-hand"): Promise<CommandCode> {
    this.#take({ kind: "leaving" });
    const code = await this.command({ kind: command });
    this.#dropPeer();
    if (this.state.media !== "none") this.#take({ kind: "media", media: "none" });
    return code;
  }

  /** Changes what is sent, and tells the stage what is on. */
  send(tracks: SentTracks, own: OwnMedia): void {
    this.#tracks = tracks;
    for (const slot of SENT_SLOTS) void this.#peer?.send(slot, tracks[slot]);
    const changed = JSON.stringify(own) !== JSON.stringify(this.#own);
    this.#own = own;
    if (changed) this.#tellOwn();
  }

  limit(bits: SentBits): void {
    this.#bits = bits;
    void this.#peer?.limit(bits);
  }

  /** How large the others' pictures are shown, in CSS pixels of their short side. */
  shownAt(sizes: Extract<StageRequest, { readonly kind: "sizes" }>["sizes"]): void {
    const text = JSON.stringify(sizes);
    if (text === this.#sizes || this.state.link.at !== "open") return;
    this.#sizes = text;
    void this.#post({ kind: "sizes", sizes });
  }

  stats(): Promise<RTCStatsReport | undefined> {
    return this.#peer?.stats().catch(() => undefined) ?? Promise.resolve(undefined);
  }

  /** The slot a sent track is in, for statistics. */
  slotOf(trackId: string | undefined): SentSlot | undefined {
    return SENT_SLOTS.find((slot) => this.#tracks[slot]?.id === trackId);
  }

  #take(fact: StageFact): void {
    this.state = reduceStage(this.state, fact);
    if (!hasPlace(this.state) && this.#peer) this.#dropPeer();
    if (mustJoin(this.state)) this.#joinSoon();
  }

  async #open(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stream?.abort();
    const stream = new AbortController();
    this.#stream = stream;
    const answer = await this.#way.open(
      (reply) => {
        if (this.#stream === stream) this.#heard(reply);
      },
      {
        signal: AbortSignal.any([stream.signal, this.#over.signal]),
        // Every other time only: a server that is slow is to be waited for.
        probing: this.#attempts % 2 === 1,
      },
    );
    if (this.#stream !== stream || this.#over.signal.aborted) return;
    this.#take({ kind: "closed", ...answer, nowMs: Date.now() });
    this.#dropPeer();
    const { link } = this.state;
    if (link.at !== "lost") return;
    const waitMs = stageWaitMs(this.#attempts, Date.now() - link.sinceMs, this.#random());
    this.#attempts += 1;
    this.#timer = setTimeout(() => void this.#open(), waitMs);
  }

  #heard(reply: StageReply): void {
    if (reply.kind === "welcome") {
      this.#attempts = 0;
      this.#sizes = "";
      this.#dropPeer();
    }
    if (reply.kind === "media-lost") this.#dropPeer();
    if (reply.kind === "ping") void this.#post({ kind: "pong" });
    this.#take({ kind: "reply", reply, nowMs: Date.now() });
    if (reply.kind === "result") this.#settle(reply.commandId, reply.code);
    if (reply.kind === "joined") void this.#peer?.answered(reply.sdp).catch(() => this.#mediaLost());
    if (reply.kind === "offer") void this.#answer(reply);
    if (reply.kind === "welcome" && hasPlace(this.state)) this.#tellOwn();
  }

  async #answer(offer: Extract<StageReply, { readonly kind: "offer" }>): Promise<void> {
    const peer = this.#peer;
    if (!peer) return;
    try {
      const sdp = await peer.answer(offer.sdp);
      if (peer !== this.#peer) return;
      this.streams.set(peer.received(offer.tracks));
      await this.#post({ kind: "answer", offerId: offer.offerId, sdp });
    } catch {
      this.#mediaLost();
    }
  }

  /** At once the first time; later ones wait, so that a stage that refuses is not asked in a loop. */
  #joinSoon(): void {
    if (this.#joinTimer !== undefined) return;
    const waitMs = this.#joins === 0 ? 0 : stageWaitMs(this.#joins, 0, this.#random());
    this.#joins += 1;
    this.#joinTimer = setTimeout(() => {
      this.#joinTimer = undefined;
      if (mustJoin(this.state)) void this.#join();
    }, waitMs);
  }

  async #join(): Promise<void> {
    this.#dropPeer();
    const peer = new StagePeer({
      iceServers: this.state.iceServers,
      tracks: this.#tracks,
      bits: this.#bits,
      onConnected: () => {
        if (this.#peer !== peer) return;
        this.#joins = 0;
        this.connected = true;
        this.#take({ kind: "media", media: "joined" });
      },
      onLost: () => {
        if (this.#peer === peer) this.#mediaLost();
      },
    });
    this.#peer = peer;
    this.#take({ kind: "media", media: "joining" });
    const sdp = await peer.offer();
    if (this.#peer !== peer) return;
    this.#tellOwn();
    if (!(await this.#post({ kind: "join", sdp }))) this.#mediaLost();
  }

  #mediaLost(): void {
    this.#dropPeer();
    this.#take({ kind: "media", media: "lost" });
    if (this.state.link.at === "open") void this.#checkWay();
  }

  #dropPeer(): void {
    this.#peer?.close();
    this.#peer = undefined;
    this.connected = false;
    this.streams.clear();
  }

  #tellOwn(): void {
    if (this.state.link.at === "open" && hasPlace(this.state)) void this.command({ kind: "own-media", own: this.#own });
  }

  async #checkWay(): Promise<void> {
    const stream = this.#stream;
    const { link } = this.state;
    if (link.at !== "open") return;
    const signal = AbortSignal.any([AbortSignal.timeout(PING_BUDGET_MS), this.#over.signal]);
    if (await this.#way.post(link.connectionId, { kind: "ping" }, signal)) return;
    if (this.#stream === stream) stream?.abort();
  }

  #ask(make: (commandId: number) => StageRequest): Promise<CommandCode> {
    this.#commandId += 1;
    const commandId = this.#commandId;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(commandId, "no-answer"), RESULT_BUDGET_MS);
      this.#results.set(commandId, (code) => {
        clearTimeout(timer);
        resolve(code);
      });
      void this.#post(make(commandId)).then((taken) => {
        if (!taken) this.#settle(commandId, "no-answer");
      });
    });
  }

  #settle(commandId: number, code: Result | "no-answer"): void {
    this.#results.get(commandId)?.(code);
    this.#results.delete(commandId);
  }

  /** One after the other: the stage decides in the order in which it is asked. */
  #post(request: StageRequest): Promise<boolean> {
    const posted = this.#tail.then(async () => {
      const { link } = this.state;
      // With the events what was asked on their behalf is over: it would hold up what follows.
      const signal = AbortSignal.any([this.#over.signal, ...(this.#stream ? [this.#stream.signal] : [])]);
      return link.at === "open" && (await this.#way.post(link.connectionId, request, signal));
    });
    this.#tail = posted;
    return posted;
  }
}
