/**
 * The parts of node-media-server 4.4.3 that `server.ts` leans on. The package has no types and no exports map;
 * these are internals, so its version is pinned and the fuzz test guards every assumption made here.
 */
declare module "node-media-server/src/session/rtmp_session.js" {
  import type { Socket } from "node:net";

  export interface NmsPacket {
    readonly header: {
      fmt: number;
      cid: number;
      timestamp: number;
      length: number;
      type: number;
      stream_id: number;
    };
    clock: number;
    payload: Buffer;
    capacity: number;
    /** Bytes of the message read so far; 0 between messages. */
    bytes: number;
  }

  export interface NmsRtmp {
    /** 3 once C2 has been read. */
    handshakeState: number;
    inChunkSize: number;
    outChunkSize: number;
    parserPacket: NmsPacket;
    readonly inPackets: Map<number, NmsPacket>;
    flv: unknown;
    streamId: number;
    objectEncoding: number;
    parserData(data: Buffer): string | null;
    packetAlloc(): void;
    chunkMessageHeaderRead(): number;
    packetHandler(): void;
    sendACK(sizeBytes: number): void;
    sendWindowACK(sizeBytes: number): void;
    setPeerBandwidth(sizeBytes: number, type: number): void;
    setChunkSize(sizeBytes: number): void;
    sendStreamStatus(event: number, value: number): void;
    sendInvokeMessage(streamId: number, message: Readonly<Record<string, unknown>>): void;
    sendStatusMessage(streamId: number, level: "status" | "error", code: string, description: string): void;
    respondConnect(transactionId: number): void;
    respondCreateStream(transactionId: number): void;
  }

  export default class RtmpSession {
    constructor(socket: Socket);
    readonly rtmp: NmsRtmp;
    run: () => void;
    onData: (data: Buffer) => void;
    onClose: () => void;
    onError: (error: Error) => void;
    onOutput: (data: Buffer) => void;
  }
}

declare module "node-media-server/src/core/logger.js" {
  const logger: { log: (message: string, level?: string) => void };
  export default logger;
}
