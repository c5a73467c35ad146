import http from "node:http";
import { createBackoff, type Logger, type Redis } from "@lianmai/process";
import { Value } from "typebox/value";
import { FeedReader, programFeedRecordSchema, programFeedRedisKey } from "../program-feed/index.ts";
import { ProgramMedia } from "./program-media.ts";

/** A feed that gives nothing for this long is connected anew. */
const IDLE_MS = 5_000;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2_000;

/** The program of one room, read from transcode for as long as somebody here wants it. */
export class ProgramLink {
  readonly media: ProgramMedia;
  readonly #room: string;
  readonly #redis: Redis;
  readonly #logger: Logger;
  readonly #backoff = createBackoff({ minMs: RETRY_MIN_MS, maxMs: RETRY_MAX_MS });
  #request: http.ClientRequest | undefined;
  #retry: NodeJS.Timeout | undefined;
  #connected = false;
  #closed = false;

  constructor(options: {
    readonly room: string;
    readonly redis: Redis;
    readonly logger: Logger;
    readonly nowMs: () => number;
  }) {
    this.#room = options.room;
    this.#redis = options.redis;
    this.#logger = options.logger;
    this.media = new ProgramMedia({ nowMs: options.nowMs });
    void this.#connect();
  }

  /** Whether the program flows now. */
  get connected(): boolean {
    return this.#connected;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#request?.destroy();
    this.media.end();
  }

  async #connect(): Promise<void> {
    const url = await findProgramFeed(this.#redis, this.#room).catch(() => undefined);
    if (this.#closed) return;
    if (url === undefined) this.#again();
    else this.#read(url);
  }

  #read(url: string): void {
    const reader = new FeedReader();
    const request = http.get(url, { agent: false, timeout: IDLE_MS });
    this.#request = request;
    request.on("response", (response) => {
      if (response.statusCode !== 200) {
        request.destroy();
        return;
      }
      response.on("data", (chunk: Buffer) => {
        if (!this.#take(reader, chunk)) request.destroy();
      });
      response.on("end", () => request.destroy());
      // Without a listener a broken body would end the process; `close` follows.
      response.on("error", () => {});
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => {});
    request.on("close", () => this.#again());
  }

  #take(reader: FeedReader, chunk: Buffer): boolean {
    if (this.#closed) return false;
    try {
      for (const frame of reader.push(chunk)) this.media.take(frame);
      this.#backoff.reset();
      this.#connected = true;
      return true;
    } catch (error) {
      this.#logger.warn({ room: this.#room, err: error }, "the program's feed cannot be read");
      return false;
    }
  }

  #again(): void {
    this.#connected = false;
    if (this.#closed) return;
    this.#retry = setTimeout(() => void this.#connect(), this.#backoff.next());
  }
}

/** Where a room's program is to be had; undefined while none is on air. Rejects when Redis is away. */
export async function findProgramFeed(redis: Redis, room: string): Promise<string | undefined> {
  const text = await redis.get(programFeedRedisKey(room));
  const record: unknown = text === null ? undefined : JSON.parse(text);
  return Value.Check(programFeedRecordSchema, record) ? record.url : undefined;
}
