/**
 * The room protocol's client as a state machine: frames, ticks and events of a transport in, effects out. Whoever
 * drives it owns sockets, timers, storage and token requests.
 */
import {
  CLOSE_CODES,
  type ClientFrame,
  type Cut,
  POSITION_EVERY_MS,
  PROTOCOL_VERSION,
  type ServerFrame,
  type ServerFrameOf,
  type WelcomeRoom,
} from "@lianmai/edge/protocol/room";
import { Backoff } from "./backoff.ts";
import { SILENT_FACTOR, WEBSOCKET_ATTEMPTS, WELCOME_BUDGET_MS } from "./budgets.ts";
import { type ConnectionEvent, type Effect, eventOf, type Status } from "./connection-events.ts";
import { Outbox, type OutboxItem } from "./outbox.ts";
import { RoomTrack } from "./room-track.ts";
import { TokenKeeper } from "./token-keeper.ts";

/** A connection to one edge, in some rooms. */
export class ConnectionCore {
  readonly outbox: Outbox;
  /** Where the connection stands; set here only. */
  status: Status = { at: "offline", againMs: 0 };
  readonly #tracks = new Map<string, RoomTrack>();
  readonly #joined = new Set<string>();
  readonly #random: () => number;
  readonly #effects: Effect[] = [];
  readonly #backoff: Backoff;
  readonly #token = new TokenKeeper(() => this.#effects.push({ do: "token" }));
  #sinceMs = 0;
  #heardMs = 0;
  #heartbeatMs = 15_000;
  #toldMs = 0;
  #isOpen = false;

  constructor(options: {
    readonly rooms: readonly string[];
    readonly random: () => number;
    readonly forgetOnAck?: boolean;
  }) {
    this.#random = options.random;
    this.#backoff = new Backoff(options.random);
    this.outbox = new Outbox({
      onChange: (change) => this.#tell({ event: "outbox", change }),
      ...(options.forgetOnAck !== undefined && { forgetOnAck: options.forgetOnAck }),
    });
    for (const room of options.rooms) this.#track(room);
  }

  /** Effects since the last call, in order. */
  take(): Effect[] {
    return this.#effects.splice(0);
  }

  /** Time has passed: connects, asks for what is missing, sends what is due. Call at least every 100 ms. */
  tick(nowMs: number): void {
    if (this.status.at === "ended") return;
    if (this.status.at === "offline") this.#connectIfDue(nowMs, this.status.againMs);
    else if (this.#isSilent(nowMs)) this.#drop(nowMs);
    else if (this.status.at === "online") this.#keepOnline(nowMs);
  }

  /** The transport is open. */
  opened(nowMs: number): void {
    this.#isOpen = true;
    this.#heardMs = nowMs;
    this.#sayHello();
  }

  closed(code: number, nowMs: number): void {
    if (this.status.at === "ended" || this.status.at === "offline") return;
    const known = CLOSE_CODES[code as keyof typeof CLOSE_CODES];
    if (known && !known.resume) {
      this.#isOpen = false;
      this.#setStatus({ at: "ended", why: known.name });
      return;
    }
    if (code === 4003) this.#token.forget();
    this.#goOffline(nowMs);
  }

  gotToken(text: string, untilMs: number, nowMs: number): void {
    this.#token.got(text, untilMs, nowMs);
    if (this.status.at === "online") this.#send({ t: "refresh", token: text });
    else this.#sayHello();
  }

  noToken(nowMs: number): void {
    this.#token.failed();
    if (this.status.at === "connecting") this.#drop(nowMs);
  }

  received(frame: ServerFrame, nowMs: number): void {
    this.#heardMs = nowMs;
    switch (frame.t) {
      case "welcome":
        this.#welcomed(frame, nowMs);
        return;
      case "joined":
        this.#entered(frame.joined, nowMs);
        return;
      case "b":
        this.#tracks.get(frame.room)?.batch(frame, nowMs);
        this.#settle(frame.room, nowMs);
        return;
      case "filled":
        if (this.#tracks.get(frame.room)?.filled(frame, nowMs)) this.#fill(frame.room);
        this.#settle(frame.room, nowMs);
        return;
      case "ack":
        this.outbox.acked(frame);
        this.#settle(frame.room, nowMs);
        return;
      case "nack":
        this.outbox.nacked(frame, nowMs);
        if (frame.code === "stale-token") this.#token.renew();
        this.#pump(nowMs);
        return;
      default:
        this.#receivedOther(frame, nowMs);
        return;
    }
  }

  /** Says something; false when too much is on the way. */
  publish(item: Omit<OutboxItem, "state">, nowMs: number): boolean {
    const isTaken = this.outbox.add(item);
    this.#pump(nowMs);
    return isTaken;
  }

  like(room: string, count: number): void {
    if (this.#joined.has(room)) this.#send({ t: "like", room, count });
  }

  join(room: string): void {
    this.#track(room);
    if (this.status.at === "online") this.#send({ t: "join", room });
  }

  leave(room: string): void {
    this.#tracks.delete(room);
    if (this.#joined.delete(room)) this.#send({ t: "leave", room });
  }

  /** Ends for good. */
  end(): void {
    this.#effects.push({ do: "disconnect" });
    this.#setStatus({ at: "ended", why: "left" });
  }

  /** Tries at once, e.g. when the network is back. */
  hurry(): void {
    if (this.status.at === "offline") this.status = { at: "offline", againMs: 0 };
  }

  #receivedOther(frame: ServerFrame, nowMs: number): void {
    if (frame.t === "left") this.#joined.delete(frame.room);
    else if (frame.t === "fault" && frame.code === "bad-token") this.#token.forget();
    else if (frame.t === "ctl") this.#controlled(frame, nowMs);
    const event = eventOf(frame);
    if (event) this.#tell(event);
  }

  #controlled(frame: ServerFrameOf<"ctl">, nowMs: number): void {
    if (frame.ctl === "drain") this.#backoff.comeBackAt(nowMs + frame.afterMs);
    else if (frame.ctl === "reauth") this.#token.renew();
    else if (frame.ctl === "close") this.closed(frame.code, nowMs);
  }

  #connectIfDue(nowMs: number, againMs: number): void {
    if (nowMs < againMs) return;
    this.#setStatus({ at: "connecting" });
    this.#sinceMs = nowMs;
    this.#heardMs = nowMs;
    this.#effects.push({ do: "connect", by: this.#backoff.attempts >= WEBSOCKET_ATTEMPTS ? "events" : "websocket" });
    this.#token.ensure(nowMs);
  }

  #sayHello(): void {
    const token = this.#token.text;
    if (!this.#isOpen || token === undefined || this.status.at !== "connecting") return;
    const rooms = [...this.#tracks].map(([room, { at }]) => ({ room, ...(at && { at }) }));
    this.#send({ t: "hello", v: PROTOCOL_VERSION, token, rooms });
  }

  #welcomed(frame: ServerFrameOf<"welcome">, nowMs: number): void {
    this.#backoff.succeeded();
    this.#heartbeatMs = frame.heartbeatMs;
    this.#setStatus({ at: "online" });
    let isBusy = false;
    for (const room of frame.rooms) {
      if ("fault" in room) {
        this.#tell({ event: "fault", room: room.room, code: room.fault });
        isBusy ||= room.fault === "busy";
      } else this.#entered(room, nowMs);
    }
    if (isBusy) this.#drop(nowMs);
  }

  #entered(welcome: WelcomeRoom, nowMs: number): void {
    const { room } = welcome;
    this.#joined.add(room);
    this.#tell({ event: "room", room, welcome });
    this.#track(room).welcome(welcome);
    this.#settle(room, nowMs);
  }

  /** After anything that may have moved a room's durable position, or freed the outbox. */
  #settle(room: string, nowMs: number): void {
    const track = this.#tracks.get(room);
    if (track) this.outbox.durable(room, track.durable);
    this.#pump(nowMs);
  }

  #pump(nowMs: number): void {
    if (this.status.at !== "online") return;
    for (const frame of this.outbox.next(nowMs, (room) => this.#joined.has(room))) this.#send(frame);
  }

  #keepOnline(nowMs: number): void {
    this.#pump(nowMs);
    const dues = [...this.#joined].map((room) => [room, this.#tracks.get(room)?.due(nowMs)] as const);
    for (const [room, due] of dues) if (due === "fill") this.#fill(room);
    if (dues.some(([, due]) => due === "reconnect")) this.#drop(nowMs);
    else {
      this.#report(nowMs);
      this.#token.keep(nowMs);
    }
  }

  /** Says where we stand, which also keeps the connection alive. */
  #report(nowMs: number): void {
    if (nowMs - this.#toldMs < POSITION_EVERY_MS) return;
    this.#toldMs = nowMs;
    for (const room of this.#joined) {
      const at = this.#tracks.get(room)?.at;
      if (at) this.#send({ t: "pos", room, ...at });
    }
    if (this.#joined.size === 0) this.#send({ t: "ping" });
  }

  #isSilent(nowMs: number): boolean {
    if (this.status.at === "connecting") return nowMs - this.#sinceMs > WELCOME_BUDGET_MS;
    return nowMs - this.#heardMs > this.#heartbeatMs * SILENT_FACTOR;
  }

  #fill(room: string): void {
    const at = this.#tracks.get(room)?.at;
    if (at) this.#send({ t: "fill", room, after: at });
  }

  #drop(nowMs: number): void {
    this.#effects.push({ do: "disconnect" });
    this.#goOffline(nowMs);
  }

  #goOffline(nowMs: number): void {
    this.#isOpen = false;
    this.#joined.clear();
    this.outbox.disconnected();
    this.#setStatus({ at: "offline", againMs: this.#backoff.next(nowMs) });
  }

  #track(room: string): RoomTrack {
    const found = this.#tracks.get(room);
    if (found) return found;
    const track = new RoomTrack({
      onChange: (change) => this.#tell({ event: "log", room, change }),
      onCut: (cut: Cut) => this.outbox.cut(room, cut),
      random: this.#random,
    });
    this.#tracks.set(room, track);
    return track;
  }

  #setStatus(status: Status): void {
    this.status = status;
    this.#tell({ event: "status", status });
  }

  #send(frame: ClientFrame): void {
    this.#effects.push({ do: "send", frame });
  }

  #tell(event: ConnectionEvent): void {
    if (event.event === "log" && event.change.change === "add" && event.change.entry.kind === "mode") {
      this.#effects.push({
        do: "tell",
        event: { event: "modes", room: event.room, modes: event.change.entry.body.modes },
      });
    }
    this.#effects.push({ do: "tell", event });
  }
}
