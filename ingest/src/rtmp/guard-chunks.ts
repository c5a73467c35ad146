import type { RtmpLimits } from "./limits.ts";

/** Why a connection's bytes are not accepted; label of the reject counter. */
export type ViolationReason =
  | "not-rtmp"
  | "message-too-long"
  | "buffers-too-large"
  | "too-many-chunk-streams"
  | "interrupted-message"
  | "bad-chunk-size"
  | "bad-control"
  | "bad-amf"
  | "bad-command-order"
  | "too-many-commands"
  | "play-refused"
  | "media-before-publish"
  | "held-too-much"
  | "too-fast"
  | "unread-answers"
  | "handshake-timeout"
  | "publish-timeout"
  | "parser-error";

/** A client broke a rule; its connection ends, nothing else does. */
export class RtmpViolation extends Error {
  override readonly name = "RtmpViolation";
  readonly reason: ViolationReason;

  constructor(reason: ViolationReason, detail: string | { readonly cause: unknown } = "") {
    if (typeof detail === "string") super(detail ? `${reason}: ${detail}` : reason);
    else super(`${reason}: ${String(detail.cause)}`, detail);
    this.reason = reason;
  }
}

/** Accounts for the buffers that one connection's chunk streams make the server hold. Pure. */
export class ChunkBudget {
  readonly #limits: RtmpLimits;
  readonly #sizes = new Map<number, number>();
  #inAll = 0;

  constructor(limits: RtmpLimits) {
    this.#limits = limits;
  }

  /** Admits a message's announced length on a chunk stream. Throws {@link RtmpViolation}. */
  admit(chunkStream: number, lengthBytes: number, options: { readonly live: boolean }): void {
    const limits = this.#limits;
    const [most, mostInAll] = options.live
      ? [limits.mediaBytes, limits.mediaBytesInAll]
      : [limits.commandBytes, limits.commandBytesInAll];
    if (lengthBytes > most) throw new RtmpViolation("message-too-long", `${lengthBytes} bytes`);
    const before = this.#sizes.get(chunkStream) ?? 0;
    if (lengthBytes <= before) return;
    if (this.#inAll + lengthBytes - before > mostInAll) throw new RtmpViolation("buffers-too-large");
    this.#inAll += lengthBytes - before;
    this.#sizes.set(chunkStream, lengthBytes);
    if (this.#sizes.size > limits.chunkStreams) throw new RtmpViolation("too-many-chunk-streams");
  }
}
