/** Why publishers are refused and sessions end, with the words an encoder shows. ASCII: RTMP strings are counted in bytes. */

/** Why a publish request is refused; label of the refusal counter. */
export type RefusalReason =
  | "unknown-app"
  | "unknown-key"
  | "key-retired"
  | "key-revoked"
  | "already-live"
  | "server-full"
  | "unavailable";

/** Why a live session ended; `reason` of the `unpublished` event. */
export type EndReason =
  | "closed"
  | "unpublished"
  | "idle"
  | "protocol-error"
  | "taken-over"
  | "key-revoked"
  | "room-ended"
  | "codec-unsupported"
  | "ingest-stopping"
  | "ingest-restarted";

/** An RTMP onStatus: code and description. */
export interface StatusText {
  readonly code: "NetStream.Publish.BadName" | "NetStream.Publish.Denied";
  readonly description: string;
}

const badName = (description: string): StatusText => ({ code: "NetStream.Publish.BadName", description });
const denied = (description: string): StatusText => ({ code: "NetStream.Publish.Denied", description });

/** What the encoder shows for a refusal. */
export const REFUSALS: Readonly<Record<RefusalReason, StatusText>> = {
  "unknown-app": badName("Wrong server address: it must end in /live"),
  "unknown-key": badName("Wrong stream key: copy it again from your room's page"),
  "key-retired": badName("This stream key has been replaced: use the newer one"),
  "key-revoked": badName("This stream key has been revoked: make a new one on your room's page"),
  "already-live": badName("This room is already live: end the other publisher first"),
  "server-full": denied("Server busy: it takes no more publishers now, try again later"),
  unavailable: denied("Server cannot check the stream key just now, try again in a few seconds"),
};

/** What the encoder shows when its live session is ended by the server; absent when the encoder itself left. */
export const ENDINGS: Readonly<Partial<Record<EndReason, StatusText>>> = {
  idle: denied("Nothing was received for too long"),
  "taken-over": denied("Another publisher has taken over this room"),
  "key-revoked": denied("This stream key has been revoked"),
  "room-ended": denied("The broadcast has been ended"),
  "codec-unsupported": denied("Unsupported codec: use H.264, HEVC or AV1 video and AAC audio"),
  "ingest-stopping": denied("Server is restarting, try again in a few seconds"),
};
