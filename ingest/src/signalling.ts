/**
 * Between a browser and the stage: joining, the session descriptions, commands and what comes of them. The server
 * speaks by server-sent events, one JSON text each, at `GET /api/v1/rooms/:slug/stage/events`; the browser by
 * `POST /api/v1/rooms/:slug/stage/requests/:connectionId`, answered 202 (the connection's id is in `welcome`). While
 * the events flow the browser is connected; when they end, it is away. Types and validators only.
 *
 * A browser makes one peer connection and one offer: `join`. Everything later (others coming and going) is an offer of
 * the server, one at a time, which it answers. Its own tracks are in its first offer, in this order: microphone
 * (audio), camera (video), screen (video), screen sound (audio); later switching is `replaceTrack`, without an offer.
 */
import { type Static, Type } from "typebox";
import {
  directorCommandSchema,
  ownCommandSchema,
  type SourceSlot,
  type Stage,
  type StageParticipant,
  type StageRefusal,
} from "./stage-contract.ts";

/** Longest session description taken. */
export const MAX_SDP_CHARACTERS = 100_000;
const sdp = Type.String({ minLength: 1, maxLength: MAX_SDP_CHARACTERS });

/** Browser to server. */
export const stageRequestSchema = Type.Union([
  /** The first and only offer of a connection; again after a lost one, which it replaces. Backstage, seats, host only. */
  Type.Object({ kind: Type.Literal("join"), sdp }),
  Type.Object({ kind: Type.Literal("answer"), offerId: Type.Integer({ minimum: 1 }), sdp }),
  Type.Object({
    kind: Type.Literal("command"),
    /** Comes back in `result`. */
    commandId: Type.Integer({ minimum: 0 }),
    command: Type.Union([ownCommandSchema, directorCommandSchema]),
  }),
  /** Host only: what it sends on the stage becomes the room's publication, as an encoder's would; or stops to be. */
  Type.Object({
    kind: Type.Literal("on-air"),
    commandId: Type.Integer({ minimum: 0 }),
    live: Type.Boolean(),
  }),
  /** How large each participant's picture is shown, CSS pixels of its short side; 0 for not at all. */
  Type.Object({
    kind: Type.Literal("sizes"),
    sizes: Type.Array(
      Type.Object({
        participantId: Type.String({ maxLength: 64 }),
        slot: Type.Enum(["camera", "screen"]),
        height: Type.Integer({ minimum: 0, maximum: 4_320 }),
      }),
      { maxItems: 32 },
    ),
  }),
  Type.Object({ kind: Type.Literal("ping") }),
  /** The answer to a `ping` of the server. */
  Type.Object({ kind: Type.Literal("pong") }),
]);
export type StageRequest = Static<typeof stageRequestSchema>;

/** A participant as browsers see it. */
export type StageParticipantView = Omit<StageParticipant, "sources">;
/** The stage as browsers see it; `removed` is empty but for directors. */
export type StageView = Omit<Stage, "participants" | "restrained"> & {
  readonly participants: readonly StageParticipantView[];
};

/** Which participant's media a media line of the server's offer carries. */
export interface StageTrack {
  readonly mid: string;
  readonly participantId: string;
  readonly slot: SourceSlot;
  readonly kind: "audio" | "video";
}

/**
 * Stands for nobody: the lines of this "participant" carry the program's picture and the encoder's sound, while an
 * encoder (RTMP or WHIP) feeds the room. Guests get them; the host is the encoder.
 */
export const PROGRAM_PARTICIPANT = "program";
export type ProgramParticipant = typeof PROGRAM_PARTICIPANT;

export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** Server to browser. */
export type StageReply =
  | {
      readonly kind: "welcome";
      /** Names this stream of events in the browser's requests. */
      readonly connectionId: string;
      readonly participantId: string;
      readonly role: "host" | "moderator" | "guest";
      readonly iceServers: readonly IceServer[];
      readonly stage: StageView;
    }
  | { readonly kind: "stage"; readonly stage: StageView }
  | { readonly kind: "joined"; readonly sdp: string }
  | { readonly kind: "join-refused"; readonly code: SignallingCode }
  /** Tracks is the whole list of lines in use; the others are inactive. */
  | { readonly kind: "offer"; readonly offerId: number; readonly sdp: string; readonly tracks: readonly StageTrack[] }
  | { readonly kind: "result"; readonly commandId: number; readonly code: "done" | StageRefusal | SignallingCode }
  /** Who speaks, loudest first; at most four times a second, when it has changed. */
  | { readonly kind: "speakers"; readonly participantIds: readonly string[] }
  /** The connection as the server sees it, every two seconds. */
  | {
      readonly kind: "quality";
      readonly roundTripMs: number;
      /** Share of the packets lost, 0 to 1. */
      readonly lostToServer: number;
      readonly lostToBrowser: number;
      /** What may be sent to this browser, bits a second; 0 when unknown. */
      readonly availableBitsPerSecond: number;
      /** By participant: 0 bad, 1 poor, 2 good. */
      readonly participants: Readonly<Record<string, 0 | 1 | 2>>;
    }
  /** The media connection is gone for good: `join` again. */
  | { readonly kind: "media-lost" }
  | { readonly kind: "pong" }
  /** Nothing has come for a while, neither media nor requests: without a `pong` within 5 s the events end. */
  | { readonly kind: "ping" }
  /** The events end now; `removed`, `replaced` and `not-allowed` mean: do not come back by yourself. */
  | { readonly kind: "bye"; readonly code: SignallingCode };

/** Why signalling refuses or ends. */
export const SIGNALLING_CODES = [
  "bad-message",
  "too-many-messages",
  "not-allowed",
  "not-on-stage",
  "offer-unusable",
  "no-common-codec",
  "stage-busy",
  "already-live",
  "not-joined",
  "removed",
  "replaced",
  "stage-moved",
  "stopping",
] as const;
export type SignallingCode = (typeof SIGNALLING_CODES)[number];
