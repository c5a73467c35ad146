/**
 * Speaks RTMP on one socket, with node-media-server's RtmpSession: its handshake, chunk reader and answers.
 * The only importer of the package. Everything of it that acts on a client's bytes without bounds is replaced
 * here before it runs: command decoding, control messages, buffers, its broadcasts and its socket handlers.
 */
import type { Socket } from "node:net";
import { systemClock } from "@lianmai/process";
import nmsLogger from "node-media-server/src/core/logger.js";
import RtmpSession from "node-media-server/src/session/rtmp_session.js";
import type { FlvTag } from "../flv/index.ts";
import { type AmfValue, readAmf0 } from "./guard-amf.ts";
import { ChunkBudget, RtmpViolation } from "./guard-chunks.ts";
import { RateBudget } from "./guard-rate.ts";
import type { RtmpLimits } from "./limits.ts";

// It prints each session to stdout; ours is the only log.
nmsLogger.log = () => {};

/** What a client asks for; each may throw {@link RtmpViolation}, which comes back through `onViolation`. */
export interface RtmpHandlers {
  onHandshake(): void;
  onPublish(request: { readonly app: string; readonly streamName: string }): void;
  /** A whole media message; `data` is valid during the call only. */
  onMedia(message: FlvTag): void;
  /** The encoder says it is done (FCUnpublish, deleteStream, closeStream). */
  onUnpublish(): void;
  /** The client broke a rule, or the parser failed; no further byte is read. */
  onViolation(violation: RtmpViolation): void;
}

/** Our side of one RTMP connection. */
export interface RtmpPeer {
  /** Media may come: raises the size limits and tells the client NetStream.Publish.Start. */
  accept(): void;
  /** Tells the client why (ASCII only) and reads nothing more; the caller ends the socket. */
  refuse(code: string, description: string): void;
}

const HANDSHAKE_DONE = 3;
const WINDOW_BYTES = 5_000_000;
const CONTROL_BYTES = 4;
const MEDIA_TYPES: Readonly<Record<number, FlvTag["type"]>> = { 8: "audio", 9: "video", 18: "script" };

/** Starts RTMP on an accepted socket. */
export function startRtmp(
  socket: Socket,
  options: { readonly limits: RtmpLimits; readonly handlers: RtmpHandlers },
): RtmpPeer {
  const { limits, handlers } = options;
  const session = new RtmpSession(socket);
  const { rtmp } = session;
  // A megabyte of parser buffer per connection that RTMP never uses.
  rtmp.flv = undefined;
  const budget = new ChunkBudget(limits);
  const rate = new RateBudget(limits, { nowMs: () => systemClock.monotonicMs() });
  let state: "handshake" | "open" | "live" | "deaf" = "handshake";
  let connectedApp: string | undefined;
  let commands = 0;
  let receivedBytes = 0;
  let acknowledgedBytes = 0;

  const parserAlloc = rtmp.packetAlloc.bind(rtmp);
  rtmp.packetAlloc = () => {
    const { header } = rtmp.parserPacket;
    budget.admit(header.cid, header.length, { live: state === "live" });
    parserAlloc();
  };

  const parserHeader = rtmp.chunkMessageHeaderRead.bind(rtmp);
  rtmp.chunkMessageHeaderRead = () => {
    const packet = rtmp.parserPacket;
    // A new header inside a message would change its length after its buffer was made.
    if (packet.bytes > 0 && packet.header.fmt !== 3) throw new RtmpViolation("interrupted-message");
    if (rtmp.inPackets.size > limits.chunkStreams) throw new RtmpViolation("too-many-chunk-streams");
    return parserHeader();
  };

  rtmp.packetHandler = () => {
    if (state === "deaf") return;
    if (socket.writableLength > limits.unreadBytes) throw new RtmpViolation("unread-answers");
    rate.message();
    const { header, payload, clock } = rtmp.parserPacket;
    const body = payload.subarray(0, header.length);
    const mediaType = MEDIA_TYPES[header.type];
    if (mediaType) media({ type: mediaType, timestampMs: clock, data: body });
    else if (header.type === 20) command(body);
    else if (header.type === 17) command(body.subarray(1));
    else control(header.type, body);
  };

  function media(message: FlvTag): void {
    if (connectedApp === undefined) throw new RtmpViolation("media-before-publish");
    handlers.onMedia(message);
  }

  function control(type: number, body: Buffer): void {
    if (type === 1) {
      rtmp.inChunkSize = readChunkSize(body);
    } else if (type === 2) {
      abort(body);
    } else if (type === 4 && body.length >= 6 && body.readUInt16BE() === 6) {
      rtmp.sendStreamStatus(7, body.readUInt32BE(2));
    }
  }

  function abort(body: Buffer): void {
    if (body.length < CONTROL_BYTES) throw new RtmpViolation("bad-control", "abort");
    const aborted = rtmp.inPackets.get(body.readUInt32BE());
    if (aborted) aborted.bytes = 0;
  }

  function command(body: Buffer): void {
    commands += 1;
    if (commands > limits.commands) throw new RtmpViolation("too-many-commands");
    const [name, transaction, argument, ...rest] = decode(body);
    const transactionId = typeof transaction === "number" ? transaction : 0;
    if (name !== "connect" && connectedApp === undefined) throw new RtmpViolation("bad-command-order", "not connected");
    switch (name) {
      case "connect":
        connect(transactionId, argument);
        break;
      case "createStream":
        rtmp.respondCreateStream(transactionId);
        break;
      case "publish":
        publish(rest[0]);
        break;
      case "FCUnpublish":
      case "deleteStream":
      case "closeStream":
        handlers.onUnpublish();
        break;
      case "play":
      case "play2":
        throw new RtmpViolation("play-refused");
      default:
      // releaseStream, FCPublish, _checkbw: nothing to do, and no answer is waited for.
    }
  }

  function connect(transactionId: number, argument: AmfValue): void {
    if (connectedApp !== undefined) throw new RtmpViolation("bad-command-order", "second connect");
    const app = argument instanceof Map ? argument.get("app") : undefined;
    if (typeof app !== "string") throw new RtmpViolation("bad-command-order", "no app");
    const encoding: AmfValue = (argument as ReadonlyMap<string, AmfValue>).get("objectEncoding");
    connectedApp = app;
    rtmp.objectEncoding = typeof encoding === "number" ? encoding : 0;
    rtmp.sendWindowACK(WINDOW_BYTES);
    rtmp.setPeerBandwidth(WINDOW_BYTES, 2);
    rtmp.setChunkSize(rtmp.outChunkSize);
    rtmp.respondConnect(transactionId);
  }

  function publish(streamName: AmfValue): void {
    if (typeof streamName !== "string") throw new RtmpViolation("bad-command-order", "publish without a name");
    rtmp.streamId = rtmp.parserPacket.header.stream_id;
    handlers.onPublish({ app: connectedApp ?? "", streamName });
  }

  function acknowledge(): void {
    if (receivedBytes - acknowledgedBytes < WINDOW_BYTES / 2) return;
    acknowledgedBytes = receivedBytes;
    rtmp.sendACK(receivedBytes % 0x1_0000_0000);
  }

  function fail(error: unknown): void {
    if (state === "deaf") return;
    state = "deaf";
    handlers.onViolation(error instanceof RtmpViolation ? error : new RtmpViolation("parser-error", { cause: error }));
  }

  session.onData = (data) => {
    if (state === "deaf") return;
    try {
      if (receivedBytes === 0 && data[0] !== 3) throw new RtmpViolation("not-rtmp");
      receivedBytes += data.length;
      rate.read(data.length);
      rtmp.parserData(data);
      if (state === "handshake" && rtmp.handshakeState >= HANDSHAKE_DONE) {
        state = "open";
        handlers.onHandshake();
      }
      if (state !== "handshake") acknowledge();
    } catch (error) {
      fail(error);
    }
  };
  session.onOutput = (data) => {
    if (socket.writable) socket.write(data);
  };
  // Its own would reach for a broadcast; `session.ts` listens to the socket itself.
  session.onClose = () => {};
  session.onError = () => {};
  session.run();

  return {
    accept() {
      state = "live";
      rtmp.sendStatusMessage(rtmp.streamId, "status", "NetStream.Publish.Start", "You are live.");
    },
    refuse(code, description) {
      state = "deaf";
      rtmp.sendStatusMessage(rtmp.streamId ?? 0, "error", code, description);
    },
  };
}

function readChunkSize(body: Buffer): number {
  const size = body.length < CONTROL_BYTES ? 0 : body.readUInt32BE() & 0x7fffffff;
  if (size === 0) throw new RtmpViolation("bad-chunk-size");
  return size;
}

function decode(body: Buffer): AmfValue[] {
  try {
    return readAmf0(body);
  } catch (error) {
    throw new RtmpViolation("bad-amf", { cause: error });
  }
}
