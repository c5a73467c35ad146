import type { Logger, Redis } from "@lianmai/process";
import { Value } from "typebox/value";
import type { StageStore } from "../seats/store.ts";
import {
  STAGE_COMMANDS_CHANNEL,
  STAGE_EVENTS_CHANNEL,
  type StageEvent,
  stageCommandMessageSchema,
  stageSchema,
} from "../stage-contract.ts";
import type { OfferedMemberSource } from "./member.ts";
import { StageRoom } from "./room.ts";
import type { RoomOptions } from "./room-options.ts";

/** Rooms open on one node at once. */
const MAX_ROOMS = 256;
const CLOSE_IDLE_EVERY_MS = 5_000;

export interface RoomsOptions extends Omit<RoomOptions, "room"> {
  readonly redis: Redis;
  readonly store: StageStore;
  readonly logger: Logger;
  /** Takes or keeps the room's lease; false: another node has it. */
  readonly take: (room: string) => Promise<boolean>;
}

/** The stages open on this node. */
export class StageRooms {
  readonly #options: RoomsOptions;
  readonly #rooms = new Map<string, StageRoom>();
  readonly #opening = new Map<string, Promise<StageRoom | "moved" | "full">>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: RoomsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#closeIdle(), CLOSE_IDLE_EVERY_MS);
  }

  names(): ReadonlySet<string> {
    return new Set(this.#rooms.keys());
  }

  members(): number {
    return [...this.#rooms.values()].reduce((sum, room) => sum + room.size, 0);
  }

  get(room: string): StageRoom | undefined {
    return this.#rooms.get(room);
  }

  findSource(sourceId: string): OfferedMemberSource | undefined {
    for (const room of this.#rooms.values()) {
      const source = room.findSource(sourceId);
      if (source) return source;
    }
    return undefined;
  }

  /** The room's stage, taken if nobody has it. Rejects when Redis is away. */
  open(room: string): Promise<StageRoom | "moved" | "full"> {
    const known = this.#rooms.get(room);
    if (known) return Promise.resolve(known);
    const opening = this.#opening.get(room) ?? this.#take(room).finally(() => this.#opening.delete(room));
    this.#opening.set(room, opening);
    return opening;
  }

  /** Rooms that a node before left behind: whoever was connected to it has its place kept for a while. */
  async takeUp(): Promise<void> {
    for (const room of await this.#options.store.rooms()) {
      const stage = await this.#options.store.read(room);
      if (stage.participants.length > 0) await this.open(room);
    }
  }

  message(channel: string, text: string): void {
    const value = parse(text);
    if (channel === STAGE_EVENTS_CHANNEL) {
      const { stage } = (value ?? {}) as Partial<StageEvent>;
      if (Value.Check(stageSchema, stage)) this.#rooms.get(stage.room)?.changed(stage);
    } else if (channel === STAGE_COMMANDS_CHANNEL && Value.Check(stageCommandMessageSchema, value)) {
      const { room, actor, command } = value;
      void this.open(room)
        .then((opened) => (typeof opened === "string" ? undefined : opened.direct({ kind: "direct", actor, command })))
        .catch(() => {});
    }
  }

  /** Another node holds the room. */
  lost(room: string): void {
    this.#rooms.get(room)?.close("stage-moved");
    this.#rooms.delete(room);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const room of this.#rooms.values()) room.close("stopping");
    this.#rooms.clear();
  }

  async #take(name: string): Promise<StageRoom | "moved" | "full"> {
    if (this.#rooms.size >= MAX_ROOMS) return "full";
    if (!(await this.#options.take(name))) return "moved";
    const stage = await this.#options.store.read(name);
    const room = new StageRoom(stage, { ...this.#options, room: name });
    this.#rooms.set(name, room);
    for (const { participantId, connection, place } of stage.participants) {
      // Who was connected to a node that is gone has its place kept; who has yet to answer is not missed.
      if (connection === "connected" && place.at !== "invited") void room.direct({ kind: "away", participantId });
    }
    return room;
  }

  #closeIdle(): void {
    for (const [name, room] of this.#rooms) {
      if (!room.idle) continue;
      room.close("stopping");
      this.#rooms.delete(name);
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
