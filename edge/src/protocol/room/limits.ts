/** Numbers both sides of the room protocol must agree on. Plain constants: the player's bundle carries no validator. */

/** Version of the frames in ops/docs/protocol.md; a hello with another is refused with `version`. */
export const PROTOCOL_VERSION = 1;
/** WebSocket subprotocol of version 1. */
export const SUBPROTOCOL = "lianmai.room.v1";

/** Largest frame a client may send, bytes of UTF-8. */
export const MAX_CLIENT_FRAME_BYTES = 8_192;
/** Largest entry, bytes of its JSON. */
export const MAX_ENTRY_BYTES = 6_144;
/** Rooms one connection may be in: a moderator console watches several. */
export const MAX_ROOMS_PER_CONNECTION = 16;
/** Publications a client may have without an `ack` or `nack`; they are sequenced in the order sent. */
export const MAX_UNACKED = 8;
/** Entries of one `b` frame. */
export const MAX_BATCH_ENTRIES = 256;
/** Entries a `fill` may ask for at once; more is answered in part, and asked for again. */
export const MAX_FILL_ENTRIES = 500;
/** Ids a client remembers to recognise an entry it has applied. */
export const SEEN_CIDS = 4_096;
/** The server speaks at least this often: a heartbeat carries `top` and `dur`. */
export const HEARTBEAT_MS = 15_000;
/** A connection that has not said hello by then is closed. */
export const HELLO_DEADLINE_MS = 5_000;
/** A client reports its position at most this often. */
export const POSITION_EVERY_MS = 20_000;
/** Longest wait for a missing entry before it is asked for. */
export const GAP_HOLD_MS = 200;

/** `untilMs` of what does not end by itself. */
export const FOREVER_MS = Number.MAX_SAFE_INTEGER;

/** What `stage` entries tell of. */
export const STAGE_HAPPENINGS = [
  "raise-hand",
  "lower-hand",
  "accept",
  "decline",
  "leave",
  "to-backstage",
  "to-seat",
  "invite",
  "remove",
  "allow",
  "lock-seat",
  "capacity",
  "mute",
  "hide",
  "joined",
  "away",
  "back",
  "expired",
  "layout",
] as const;
export type StageHappening = (typeof STAGE_HAPPENINGS)[number];

/** Limits of each kind: characters where people type, bytes of the whole body as JSON. */
export const KIND_LIMITS = {
  text: { maxBodyBytes: 4_096, maxCharacters: 500 },
  emote: { maxBodyBytes: 256, maxCharacters: 64 },
  image: { maxBodyBytes: 1_024, maxCharacters: 200 },
  voice: { maxBodyBytes: 1_024, maxCharacters: 0 },
  file: { maxBodyBytes: 1_024, maxCharacters: 200 },
  gift: { maxBodyBytes: 4_096, maxCharacters: 0 },
  paid: { maxBodyBytes: 4_096, maxCharacters: 300 },
  stage: { maxBodyBytes: 1_024, maxCharacters: 0 },
  system: { maxBodyBytes: 2_048, maxCharacters: 0 },
  act: { maxBodyBytes: 2_048, maxCharacters: 200 },
  mode: { maxBodyBytes: 1_024, maxCharacters: 0 },
  pin: { maxBodyBytes: 4_096, maxCharacters: 500 },
  unpin: { maxBodyBytes: 256, maxCharacters: 0 },
  gone: { maxBodyBytes: 256, maxCharacters: 0 },
} as const;
