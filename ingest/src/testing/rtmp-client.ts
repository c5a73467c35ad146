import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import type { FlvTag } from "../flv/index.ts";
import { type AmfMap, type AmfValue, readAmf0 } from "../rtmp/guard-amf.ts";
import { type AmfInput, writeAmf0, writeAmf0Value } from "./amf-write.ts";
import { eventually } from "./redis.ts";

/** What the server told in an onStatus. */
export interface Status {
  readonly level: string;
  readonly code: string;
  readonly description: string;
}

interface ServerMessage {
  readonly type: number;
  readonly body: Buffer;
}

const MEDIA = {
  audio: { type: 8, chunkStream: 4 },
  video: { type: 9, chunkStream: 4 },
  script: { type: 18, chunkStream: 4 },
};

/** A publishing client that says what librtmp says, in its order, or anything else on demand. */
export class RtmpClient {
  readonly socket: Socket;
  #input: Buffer = Buffer.alloc(0);
  #handshaken = false;
  #outChunkBytes = 128;
  readonly #messages: ServerMessage[] = [];
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (data) => this.#read(data));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
    });
  }

  static async open(port: number): Promise<RtmpClient> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const client = new RtmpClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return client;
  }

  async handshake(): Promise<void> {
    this.socket.write(Buffer.concat([Buffer.from([3]), Buffer.alloc(8), randomBytes(1528)]));
    const head = await eventually(() => (this.#input.length >= 3073 ? this.#input : undefined));
    this.socket.write(head.subarray(1, 1537));
    this.#input = head.subarray(3073);
    this.#handshaken = true;
    this.#messagesIn();
  }

  /** connect, as librtmp does it, with its chunk size. */
  async connect(
    app = "live",
    extra: { readonly [name: string]: AmfInput } = { tcUrl: "rtmp://127.0.0.1/live" },
  ): Promise<void> {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(4096);
    this.message({ type: 1, chunkStream: 2, body: size });
    this.#outChunkBytes = 4096;
    this.command("connect", 1, { app, type: "nonprivate", flashVer: "FMLE/3.0 (compatible; FMSc/1.0)", ...extra });
    await this.result(1);
  }

  /** releaseStream, FCPublish, createStream, publish: answers the server's onStatus. */
  async publish(key: string): Promise<Status> {
    this.command("releaseStream", 2, null, key);
    this.command("FCPublish", 3, null, key);
    this.command("createStream", 4, null);
    await this.result(4);
    this.command("publish", 5, null, key, "live");
    return await this.status();
  }

  /** The whole way to live, or to the refusal. */
  static async publishing(
    port: number,
    key: string,
  ): Promise<{ readonly client: RtmpClient; readonly status: Status }> {
    const client = await RtmpClient.open(port);
    await client.handshake();
    await client.connect();
    return { client, status: await client.publish(key) };
  }

  /** onMetaData as OBS sends it: wrapped, as an ECMA array. */
  metadata(values: { readonly [name: string]: AmfInput }): void {
    const body = Buffer.concat([writeAmf0("@setDataFrame", "onMetaData"), writeAmf0Value(values, true)]);
    this.message({ type: 18, chunkStream: 4, streamId: 1, body });
  }

  media(tag: FlvTag): void {
    this.message({ ...MEDIA[tag.type], streamId: 1, timestampMs: tag.timestampMs, body: tag.data });
  }

  command(...values: readonly AmfInput[]): void {
    this.message({ type: 20, chunkStream: 3, body: writeAmf0(...values), streamId: values[0] === "publish" ? 1 : 0 });
  }

  /** Any message, in chunks; `length` may lie. */
  message(given: {
    readonly type: number;
    readonly chunkStream: number;
    readonly body: Buffer;
    readonly streamId?: number;
    readonly timestampMs?: number;
    readonly length?: number;
  }): void {
    const { type, chunkStream, body, streamId = 0, timestampMs = 0, length = body.length } = given;
    const head = Buffer.alloc(12);
    head[0] = chunkStream;
    head.writeUIntBE(Math.min(timestampMs, 0xffffff), 1, 3);
    head.writeUIntBE(length, 4, 3);
    head[7] = type;
    head.writeUInt32LE(streamId, 8);
    const extended = Buffer.alloc(timestampMs >= 0xffffff ? 4 : 0);
    if (extended.length > 0) extended.writeUInt32BE(timestampMs);
    const parts: Buffer[] = [head, extended];
    for (let at = 0; at < body.length; at += this.#outChunkBytes) {
      if (at > 0) parts.push(Buffer.from([0xc0 | chunkStream]), extended);
      parts.push(body.subarray(at, at + this.#outChunkBytes));
    }
    this.socket.write(Buffer.concat(parts));
  }

  /** Waits for the `_result` of a command. */
  async result(transaction: number): Promise<readonly AmfValue[]> {
    return await this.#command((values) => values[0] === "_result" && values[1] === transaction);
  }

  async status(): Promise<Status> {
    const values = await this.#command((given) => given[0] === "onStatus");
    const info = values[3] as AmfMap;
    const field = (name: string) => String(info.get(name));
    return { level: field("level"), code: field("code"), description: field("description") };
  }

  destroy(): void {
    this.socket.destroy();
  }

  async #command(which: (values: readonly AmfValue[]) => boolean): Promise<readonly AmfValue[]> {
    return await eventually(() => {
      for (const [i, message] of this.#messages.entries()) {
        if (message.type !== 20) continue;
        const values = readAmf0(message.body);
        if (!which(values)) continue;
        this.#messages.splice(0, i + 1);
        return values;
      }
      return undefined;
    });
  }

  #read(data: Buffer): void {
    this.#input = Buffer.concat([this.#input, data]);
    if (this.#handshaken) this.#messagesIn();
  }

  // The server sends each message as one chunk with a full header.
  #messagesIn(): void {
    while (this.#input.length >= 12) {
      const length = this.#input.readUIntBE(4, 3);
      if (this.#input.length < 12 + length) return;
      this.#messages.push({ type: this.#input.readUInt8(7), body: this.#input.subarray(12, 12 + length) });
      this.#input = this.#input.subarray(12 + length);
    }
  }
}
