/** Frames of the room protocol, one JSON object each; ops/docs/protocol.md tells how they follow each other. */
import { type Static, Type } from "typebox";
import { slugSchema } from "../api.ts";
import type { CloseCode, FaultCode, NackCode } from "./codes.ts";
import { cidSchema, type Position, positionSchema, type WireEntry } from "./entry.ts";
import { MAX_FILL_ENTRIES, MAX_ROOMS_PER_CONNECTION } from "./limits.ts";
import type { RoomModes } from "./modes.ts";
import type { Role } from "./roles.ts";
import type { StateUpdate } from "./state-plane.ts";

const token = Type.String({ minLength: 16, maxLength: 4_096 });
const seq = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** A room to join; with `at`, everything after that position is wanted. */
const wantedRoom = Type.Object(
  { room: slugSchema, at: Type.Optional(positionSchema) },
  { additionalProperties: false },
);
export type WantedRoom = Static<typeof wantedRoom>;

/** Frames a client sends. */
export const clientFrameSchemas = {
  hello: Type.Object(
    {
      t: Type.Literal("hello"),
      v: Type.Integer(),
      token,
      rooms: Type.Array(wantedRoom, { maxItems: MAX_ROOMS_PER_CONNECTION }),
      /** `lite`: no state plane, larger batches; for weak networks. */
      caps: Type.Optional(Type.Array(Type.Literal("lite"), { maxItems: 4 })),
    },
    { additionalProperties: false },
  ),
  join: Type.Object({ t: Type.Literal("join"), ...wantedRoom.properties }, { additionalProperties: false }),
  leave: Type.Object({ t: Type.Literal("leave"), room: slugSchema }, { additionalProperties: false }),
  pub: Type.Object(
    {
      t: Type.Literal("pub"),
      room: slugSchema,
      cid: cidSchema,
      kind: Type.String({ maxLength: 16 }),
      body: Type.Unknown(),
      /** Program time the writer saw. */
      mediaMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 1e12 })),
    },
    { additionalProperties: false },
  ),
  fill: Type.Object(
    {
      t: Type.Literal("fill"),
      room: slugSchema,
      after: positionSchema,
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_FILL_ENTRIES })),
    },
    { additionalProperties: false },
  ),
  pos: Type.Object({ t: Type.Literal("pos"), room: slugSchema, gen: seq, seq }, { additionalProperties: false }),
  refresh: Type.Object({ t: Type.Literal("refresh"), token }, { additionalProperties: false }),
  /** Applause; counted, never logged. */
  like: Type.Object(
    { t: Type.Literal("like"), room: slugSchema, count: Type.Integer({ minimum: 1, maximum: 50 }) },
    { additionalProperties: false },
  ),
  ping: Type.Object({ t: Type.Literal("ping") }, { additionalProperties: false }),
} as const;
export type ClientFrame = Static<(typeof clientFrameSchemas)[keyof typeof clientFrameSchemas]>;
export type ClientFrameOf<T extends ClientFrame["t"]> = Extract<ClientFrame, { readonly t: T }>;

/** Positions of one generation that will not be sent, and why. Never silent: what is not sent is in a skip. */
export interface Skip {
  readonly gen: number;
  readonly from: number;
  readonly to: number;
  /**
   * `retention`: no longer kept. `lost`: sequenced, never durable, gone with the hot log. `window`: too far back for
   * this answer; read it from the archive. `sampled`: left out of a crowded room's view. `lagging`: the connection
   * was too slow; `fill` brings it.
   */
  readonly why: "retention" | "lost" | "window" | "sampled" | "lagging";
}

/** End of a generation: what stood behind `last` in it was never durable and is taken back. */
export interface Cut {
  readonly gen: number;
  readonly last: number;
}

/** What the asking person is in a room. */
export interface You {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** End of a time-boxed role. */
  readonly roleUntilMs?: number;
  readonly mutedUntilMs?: number;
}

/** A pinned notice. */
export interface Pinned {
  readonly cid: string;
  readonly text: string;
  readonly untilMs?: number;
}

/** Answer to each room of a hello or join. */
export interface WelcomeRoom {
  readonly room: string;
  readonly gen: number;
  /** Newest sequenced and newest durable position of `gen`. */
  readonly top: number;
  readonly dur: Position;
  /** Where `msgs` begins: after this position; equals the asked `at` unless skips say what lies between. */
  readonly after: Position;
  readonly skips: readonly Skip[];
  /** Ends of the generations passed since `after`. */
  readonly cuts: readonly Cut[];
  /** Entries by generation, oldest first; empty when all is in following `b` frames. */
  readonly parts: readonly { readonly gen: number; readonly msgs: readonly WireEntry[] }[];
  readonly modes: RoomModes;
  readonly pinned: Pinned | null;
  readonly state: readonly StateUpdate[];
  readonly you: You;
}

/** Frames a server sends. */
export type ServerFrame =
  | {
      readonly t: "welcome";
      readonly v: number;
      readonly sid: string;
      readonly heartbeatMs: number;
      readonly serverMs: number;
      /** When the token ends; refresh earlier. */
      readonly tokenUntilMs: number;
      readonly rooms: readonly (
        | WelcomeRoom
        | { readonly room: string; readonly fault: FaultCode; readonly retryMs?: number }
      )[];
    }
  | { readonly t: "joined"; readonly joined: WelcomeRoom }
  | {
      readonly t: "left";
      readonly room: string;
      readonly why: "asked" | "kicked" | "banned" | "gone";
      readonly untilMs?: number;
    }
  /** Sequenced. Keep the entry in the outbox until `dur` has passed its position. */
  | {
      readonly t: "ack";
      readonly room: string;
      readonly cid: string;
      readonly gen: number;
      readonly seq: number;
      readonly atMs: number;
    }
  | {
      readonly t: "nack";
      readonly room: string;
      readonly cid: string;
      readonly code: NackCode;
      readonly retryMs?: number;
      readonly untilMs?: number;
      /** The mode, rule or hold that decided. */
      readonly hint?: string;
    }
  /** A batch: entries `from`..`to` of `gen`, less what `skips` names. Also the heartbeat, with no entries. */
  | {
      readonly t: "b";
      readonly room: string;
      readonly gen: number;
      /** Positions covered; `from` = `to` + 1 when there are none. */
      readonly from: number;
      readonly to: number;
      readonly top: number;
      readonly dur: Position;
      readonly msgs: readonly WireEntry[];
      readonly skips?: readonly Skip[];
      /** The generation before has ended there; stands in the first batches of a new one. */
      readonly cut?: Cut;
    }
  /** Newer values of the sheddable plane. */
  | { readonly t: "st"; readonly room: string; readonly st: readonly StateUpdate[] }
  /** Answer to `fill`. `more`: ask again after `to`. */
  | {
      readonly t: "filled";
      readonly room: string;
      readonly after: Position;
      /** Everything between `after` and here is in parts, skips and cuts. */
      readonly to: Position;
      readonly skips: readonly Skip[];
      readonly cuts: readonly Cut[];
      readonly parts: readonly { readonly gen: number; readonly msgs: readonly WireEntry[] }[];
      readonly more: boolean;
    }
  | { readonly t: "refreshed"; readonly tokenUntilMs: number }
  | {
      readonly t: "fault";
      readonly code: FaultCode;
      readonly of?: string;
      readonly room?: string;
      readonly detail?: string;
      readonly retryMs?: number;
    }
  | { readonly t: "ctl"; readonly ctl: "reauth" }
  | { readonly t: "ctl"; readonly ctl: "lag"; readonly mode: "full" | "lite" | "catching-up" }
  | { readonly t: "ctl"; readonly ctl: "drain"; readonly afterMs: number }
  | { readonly t: "ctl"; readonly ctl: "you"; readonly room: string; readonly you: You }
  | { readonly t: "ctl"; readonly ctl: "close"; readonly code: CloseCode }
  | { readonly t: "pong"; readonly serverMs: number };
export type ServerFrameOf<T extends ServerFrame["t"]> = Extract<ServerFrame, { readonly t: T }>;
