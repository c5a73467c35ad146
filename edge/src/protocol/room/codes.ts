/** Stable codes of the room protocol, documented in ops/docs/protocol.md. Never reused. */

/** Why a publication was refused. `final` ones must not be sent again as they are. */
export const NACK_CODES = {
  muted: { final: true, means: "the sender may not talk until `untilMs`" },
  banned: { final: true, means: "the sender may not be in this room until `untilMs`" },
  slow: { final: false, means: "slow mode: again after `retryMs`" },
  mode: { final: true, means: "a mode of the room (`mode`) does not allow it" },
  unique: { final: true, means: "the same was said a moment ago" },
  blocked: { final: true, means: "the room's word filter refuses it" },
  held: { final: true, means: "a moderator decides first; the entry appears if allowed" },
  forbidden: { final: true, means: "the sender's role may not send this kind" },
  "not-joined": { final: true, means: "the connection has not joined that room" },
  invalid: { final: true, means: "the body does not fit its kind" },
  "too-big": { final: true, means: "body or text is longer than its kind allows" },
  "dup-other": { final: true, means: "this id was used for another person's entry" },
  rate: { final: false, means: "too fast: again after `retryMs`" },
  busy: { final: false, means: "the room cannot sequence now: again after `retryMs`" },
  "stale-token": { final: false, means: "the token has ended or was revoked: refresh, then send again" },
} as const;
export type NackCode = keyof typeof NACK_CODES;

/** Why a frame, not a publication, was refused; the connection stays open unless the close code says otherwise. */
export const FAULT_CODES = {
  "bad-json": "the frame is not a JSON object",
  "bad-frame": "the frame has no known `t`, or a field that does not fit",
  "too-big": "the frame is larger than allowed",
  "hello-first": "the first frame must be `hello`",
  "hello-twice": "`hello` was said already",
  version: "this version of the protocol is not spoken here",
  "bad-token": "the token is not ours, has ended or was revoked",
  "no-room": "there is no such room",
  banned: "the person is banned from the room",
  "no-guests": "the room is not open to guests",
  "too-many-rooms": "the connection is in as many rooms as allowed",
  rate: "too many frames",
  busy: "the room cannot be read now: again after `retryMs`",
} as const;
export type FaultCode = keyof typeof FAULT_CODES;

/** WebSocket close codes; SSE sends the same in a last `ctl` frame. `resume`: come back with your position. */
export const CLOSE_CODES = {
  1000: { name: "left", resume: false, means: "the client has closed" },
  1001: { name: "drain", resume: true, means: "this server stops; come back after the announced wait" },
  1009: { name: "too-big", resume: true, means: "a message over the limit" },
  4000: { name: "bad-frame", resume: true, means: "too many frames that could not be understood" },
  4001: { name: "hello-late", resume: true, means: "no hello within the deadline" },
  4002: { name: "version", resume: false, means: "no common version of the protocol" },
  4003: { name: "bad-token", resume: true, means: "get a new token first" },
  4004: { name: "kicked", resume: false, means: "kicked or banned from the only room" },
  4008: { name: "slow", resume: true, means: "read too slowly for too long" },
  4010: { name: "rate", resume: true, means: "too many frames for too long" },
  4011: { name: "silent", resume: true, means: "nothing heard for too long" },
  4012: { name: "overloaded", resume: true, means: "this server takes no more connections" },
} as const;
export type CloseCode = keyof typeof CLOSE_CODES;
