/** Bounds of one RTMP connection and of all together. Tests shorten the times. */
export interface RtmpLimits {
  /** From accept to the end of the handshake. */
  readonly handshakeMs: number;
  /** From the handshake to the publish command. */
  readonly publishMs: number;
  /** Longest a live publisher may send no whole media message. */
  readonly idleMs: number;
  /** From the refusal's status to the end of the socket. */
  readonly closeMs: number;
  /** Longest message before the publisher is authorised, and after. */
  readonly commandBytes: number;
  readonly mediaBytes: number;
  /** Buffers of all chunk streams of a connection, before and after. */
  readonly commandBytesInAll: number;
  readonly mediaBytesInAll: number;
  readonly chunkStreams: number;
  /** Commands of a connection before it is live. */
  readonly commands: number;
  /** Media that came before the decision. */
  readonly heldBytes: number;
  /** What a connection may send for long, and in a burst. */
  readonly bytesPerSecond: number;
  readonly burstBytes: number;
  readonly messagesPerSecond: number;
  readonly burstMessages: number;
  /** Answers the client has not read. */
  readonly unreadBytes: number;
  /** Connections not (yet) live: of one address, and in all. Live ones are bounded by MAX_PUBLISHERS. */
  readonly pendingPerAddress: number;
  readonly pending: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** The bounds in service. */
export const RTMP_LIMITS: RtmpLimits = {
  handshakeMs: 5_000,
  publishMs: 10_000,
  idleMs: 10_000,
  closeMs: 500,
  commandBytes: 64 * KIB,
  mediaBytes: 4 * MIB,
  commandBytesInAll: 256 * KIB,
  mediaBytesInAll: 16 * MIB,
  chunkStreams: 64,
  commands: 32,
  heldBytes: MIB,
  bytesPerSecond: 25 * MIB,
  burstBytes: 64 * MIB,
  messagesPerSecond: 2_000,
  burstMessages: 20_000,
  unreadBytes: 64 * KIB,
  pendingPerAddress: 32,
  pending: 256,
};
