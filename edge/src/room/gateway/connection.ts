import { randomUUID } from "node:crypto";
import type { CloseCode, FaultCode } from "../../protocol/room/codes.ts";
import type { ClientFrame, ClientFrameOf, WantedRoom } from "../../protocol/room/frames.ts";
import { HEARTBEAT_MS, MAX_ROOMS_PER_CONNECTION, MAX_UNACKED, PROTOCOL_VERSION } from "../../protocol/room/limits.ts";
import { isAtLeast } from "../../protocol/room/roles.ts";
import type { Holder } from "../people/tokens.ts";
import { RoomAway } from "../room-log.ts";
import { fill } from "./fill.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import { type JoinedRoom, joinRoom, type Place, type RefusedRoom } from "./join-room.ts";
import { LAG_ABOVE_BYTES, Member, type MemberOwner } from "./member.ts";
import { OutFrame, outFrame } from "./out-frame.ts";
import type { Outlet } from "./outlet.ts";
import { parseFrame } from "./parse-frame.ts";
import { publish } from "./publish.ts";
import { type FaultDetails, Replies } from "./replies.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Frames of a connection that may wait for the ones before. */
const MAX_QUEUED = 64;
/** Frames that cannot be understood, or come too fast, before the connection is closed. */
const MAX_BAD_FRAMES = 20;
const AWAY_RETRY_MS = 1_000;

/** One client's connection, whatever carries it: answers frames in their order, holds its places in rooms. */
export class Connection implements MemberOwner {
  readonly sid = randomUUID();
  readonly outlet: Outlet;
  readonly openedMs: number;
  heardMs: number;
  readonly #parts: GatewayParts;
  /** Few, and mostly one: a list is smaller than a map. */
  #places: readonly Place[] = [];
  readonly #frames: TokenBucket;
  /** Of who has spoken: most never do. */
  #pubs: TokenBucket | undefined;
  #holder: Holder | undefined;
  #isLite = false;
  #tail: Promise<void> = Promise.resolve();
  #queued = 0;
  #unacked = 0;
  #bad = 0;
  #closed = false;

  constructor(outlet: Outlet, parts: GatewayParts) {
    const nowMs = parts.clock.monotonicMs();
    this.outlet = outlet;
    this.#parts = parts;
    this.openedMs = nowMs;
    this.heardMs = nowMs;
    this.#frames = new TokenBucket(parts.rates.frames, nowMs);
  }

  get #replies(): Replies {
    return new Replies(this.outlet, this.#parts.metrics);
  }

  get hasSaidHello(): boolean {
    return this.#holder !== undefined;
  }

  /** When its token ends, wall time; undefined before hello. */
  get tokenUntilMs(): number | undefined {
    return this.#holder?.untilMs;
  }

  get userId(): string | undefined {
    return this.#holder?.userId;
  }

  /** Whether something of a client, a frame or what its transport asks for, comes no faster than it may. */
  hear(): boolean {
    if (this.#closed) return false;
    this.heardMs = this.#parts.clock.monotonicMs();
    const waitMs = this.#frames.take(this.heardMs);
    if (waitMs === 0 && this.#queued < MAX_QUEUED) return true;
    this.#bear("rate", 4010, { retryMs: waitMs });
    return false;
  }

  /** Takes a client's frame; never throws. */
  receive(text: string): void {
    if (!this.hear()) return;
    const parsed = parseFrame(text);
    if ("fault" in parsed) {
      const { fault, ...more } = parsed;
      this.#bear(fault, 4000, more);
    } else this.#queue(parsed.frame);
  }

  /** The transport is gone. */
  ended(): void {
    this.#closed = true;
    for (const { hub, member } of this.#places) hub.remove(member);
    this.#places = [];
  }

  close(code: CloseCode): void {
    if (this.#closed) return;
    this.#parts.metrics.closed(code);
    this.ended();
    this.outlet.close(code);
  }

  removed(member: Member, why: "kicked" | "banned", untilMs: number): void {
    this.outlet.send(outFrame({ t: "left", room: member.access.slug, why, untilMs }));
    this.#leave(member.access.slug);
    if (this.#places.length === 0) this.close(4004);
  }

  changed(member: Member): void {
    void this.#reread(member).catch(() => undefined);
  }

  /** Frames are answered one after the other, so that what one person says keeps its order. */
  #queue(frame: ClientFrame): void {
    // a position has no answer: it shows that somebody is there
    if (frame.t === "pos" && this.hasSaidHello) return;
    if (frame.t === "pub") {
      if (this.#unacked >= MAX_UNACKED) {
        this.#replies.nack(frame.room, frame.cid, { code: "rate", retryMs: AWAY_RETRY_MS });
        return;
      }
      this.#unacked += 1;
    }
    this.#queued += 1;
    this.#tail = this.#tail.then(() => this.#answer(frame)).catch((error: unknown) => this.#failed(frame, error));
  }

  async #answer(frame: ClientFrame): Promise<void> {
    try {
      if (this.#closed) return;
      if (frame.t === "hello") return await this.#hello(frame);
      if (!this.#holder) return this.#replies.fault("hello-first", { of: frame.t });
      await this.#answerKnown(frame, this.#holder);
    } finally {
      this.#queued -= 1;
      if (frame.t === "pub") this.#unacked -= 1;
    }
  }

  #answerKnown(frame: Exclude<ClientFrame, { t: "hello" }>, holder: Holder): Promise<void> | void {
    // pages are long: who does not read those it has gets no more
    if ((frame.t === "join" || frame.t === "fill") && this.outlet.buffered > LAG_ABOVE_BYTES) {
      return this.#replies.fault("busy", { of: frame.t, room: frame.room, retryMs: AWAY_RETRY_MS });
    }
    switch (frame.t) {
      case "join":
        return this.#join(frame, holder);
      case "leave":
        this.#leave(frame.room);
        return this.outlet.send(outFrame({ t: "left", room: frame.room, why: "asked" }));
      case "pub":
        return this.#publish(frame);
      case "fill":
        return this.#fill(frame);
      case "refresh":
        return this.#refresh(frame.token);
      case "like":
        return this.#like(frame);
      case "ping":
        return this.outlet.send(outFrame({ t: "pong", serverMs: this.#parts.clock.wallMs() }));
      case "pos":
        return undefined;
    }
  }

  async #hello(frame: ClientFrameOf<"hello">): Promise<void> {
    if (this.#holder) return this.#replies.fault("hello-twice");
    if (frame.v !== PROTOCOL_VERSION) {
      this.#replies.fault("version");
      return this.close(4002);
    }
    const holder = await this.#holderOf(frame.token);
    if (!holder) {
      this.#replies.fault("bad-token", { of: "hello" });
      return this.close(4003);
    }
    this.#holder = holder;
    this.#isLite = frame.caps?.includes("lite") ?? false;
    const wanted = [...new Map(frame.rooms.map((room) => [room.room, room])).values()];
    const joined = await Promise.all(wanted.map((room) => this.#open(room, holder)));
    if (this.#closed) return;
    const head = {
      ...{ t: "welcome", v: PROTOCOL_VERSION, sid: this.sid, heartbeatMs: HEARTBEAT_MS },
      ...{ serverMs: this.#parts.clock.wallMs(), tokenUntilMs: holder.untilMs },
    };
    const rooms = joined.map((room) => ("json" in room ? room.json() : JSON.stringify(room)));
    this.outlet.send(new OutFrame(`${JSON.stringify(head).slice(0, -1)},"rooms":[${rooms.join(",")}]}`));
    for (const room of joined) if ("json" in room) this.#enter(room);
  }

  async #join(frame: ClientFrameOf<"join">, holder: Holder): Promise<void> {
    if (!this.#placeIn(frame.room) && this.#places.length >= MAX_ROOMS_PER_CONNECTION) {
      return this.#replies.fault("too-many-rooms", { of: "join", room: frame.room });
    }
    this.#leave(frame.room);
    const room = await this.#open(frame, holder);
    if (this.#closed) return;
    if (!("json" in room)) {
      return this.#replies.fault(room.fault, { of: "join", room: frame.room, retryMs: room.retryMs });
    }
    this.outlet.send(new OutFrame(`{"t":"joined","joined":${room.json()}}`));
    this.#enter(room);
  }

  async #open(wanted: WantedRoom, holder: Holder): Promise<JoinedRoom | RefusedRoom> {
    try {
      const access = await this.#parts.access(holder, wanted.room);
      if ("fault" in access) return { room: wanted.room, ...access };
      return await joinRoom(this.#parts, access, wanted.at);
    } catch (error) {
      if (!(error instanceof RoomAway)) throw error;
      return { room: wanted.room, fault: "busy", retryMs: error.retryMs };
    }
  }

  /** Takes the place in the room; nothing may be awaited since its page was read, or batches would be missed. */
  #enter({ hub, access, page }: JoinedRoom): void {
    const member = new Member(this.outlet, access, { isLite: this.#isLite, owner: this });
    hub.add(member, page.to);
    this.#places = [...this.#places, { hub, member }];
  }

  #leave(slug: string): void {
    const left = this.#placeIn(slug);
    left?.hub.remove(left.member);
    this.#places = this.#places.filter((place) => place !== left);
  }

  #placeIn(slug: string): Place | undefined {
    return this.#places.find(({ hub }) => hub.slug === slug);
  }

  async #publish(frame: ClientFrameOf<"pub">): Promise<void> {
    const place = this.#placeIn(frame.room);
    if (!place) return this.#replies.nack(frame.room, frame.cid, { code: "not-joined" });
    const isModerator = isAtLeast(place.member.access.you.role, "moderator");
    const nowMs = this.#parts.clock.monotonicMs();
    this.#pubs ??= new TokenBucket(this.#parts.rates.pubs, nowMs);
    const waitMs = this.#pubs.take(nowMs);
    if (waitMs > 0 && !isModerator) return this.#replies.nack(frame.room, frame.cid, { code: "rate", retryMs: waitMs });
    const done = await publish(this.#parts, place.member, frame);
    if (!done.ok) return this.#replies.nack(frame.room, frame.cid, done);
    const { gen, seq, atMs } = done;
    place.hub.awaitDurable(place.member, { gen, seq });
    this.#parts.metrics.published(this.#parts.clock.monotonicMs() - nowMs);
    this.outlet.send(outFrame({ t: "ack", room: frame.room, cid: frame.cid, gen, seq, atMs }));
    // a repeated entry may be on disk for long already, and no further news would say so
    if (done.repeated) place.hub.tellDurable(place.member);
  }

  async #fill(frame: ClientFrameOf<"fill">): Promise<void> {
    const place = this.#placeIn(frame.room);
    if (!place) return this.#replies.fault("no-room", { of: "fill", room: frame.room });
    this.outlet.send(await fill(place.hub.feed, frame));
  }

  async #refresh(token: string): Promise<void> {
    const holder = await this.#holderOf(token);
    if (!holder || holder.userId !== this.#holder?.userId) return this.#replies.fault("bad-token", { of: "refresh" });
    this.#holder = holder;
    for (const { member } of this.#places) await this.#reread(member);
    this.outlet.send(outFrame({ t: "refreshed", tokenUntilMs: holder.untilMs }));
  }

  #like(frame: ClientFrameOf<"like">): void {
    const place = this.#placeIn(frame.room);
    if (place) this.#parts.plane.like(place.member.access.roomId, frame.count);
  }

  async #holderOf(token: string): Promise<Holder | undefined> {
    const holder = await this.#parts.tokens.verify(token);
    return holder && holder.version >= this.#parts.versions.of(holder.userId) ? holder : undefined;
  }

  async #reread(member: Member): Promise<void> {
    if (!this.#holder) return;
    const access = await this.#parts.access(this.#holder, member.access.slug);
    if ("fault" in access) return;
    member.access = access;
    this.outlet.send(outFrame({ t: "ctl", ctl: "you", room: access.slug, you: access.you }));
  }

  /** A fault of the client's making; too many close the connection. */
  #bear(code: FaultCode, closeCode: CloseCode, more: FaultDetails): void {
    this.#bad += 1;
    this.#replies.fault(code, more);
    if (this.#bad >= MAX_BAD_FRAMES) this.close(closeCode);
  }

  #failed(frame: ClientFrame, error: unknown): void {
    const isAway = error instanceof RoomAway;
    const retryMs = isAway ? error.retryMs : AWAY_RETRY_MS;
    if (!isAway) this.#parts.logger.error({ err: error, frame: frame.t }, "a frame failed");
    if (frame.t === "pub") this.#replies.nack(frame.room, frame.cid, { code: "busy", retryMs });
    else this.#replies.fault("busy", { of: frame.t, retryMs });
  }
}
