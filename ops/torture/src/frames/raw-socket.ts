/** A WebSocket client that can break every rule of RFC 6455: it writes what it is given. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Of a frame: RFC 6455 5.2. */
export interface RawFrame {
  readonly opcode: number;
  readonly payload?: Buffer | string;
  readonly fin?: boolean;
  /** Reserved bits, 0 to 7. */
  readonly reserved?: number;
  readonly masked?: boolean;
  /** What the header says, when it lies. */
  readonly length?: bigint;
}

/** Bytes of a frame from a client. */
export function rawFrame({ opcode, payload = "", fin = true, reserved = 0, masked = true, length }: RawFrame): Buffer {
  const body = Buffer.from(payload);
  const said = length ?? BigInt(body.length);
  const size = said < 126n ? 1 : said < 65_536n ? 3 : 9;
  const head = Buffer.alloc(1 + size);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (size === 1 ? Number(said) : size === 3 ? 126 : 127);
  if (size === 3) head.writeUInt16BE(Number(said), 2);
  if (size === 9) head.writeBigUInt64BE(said, 2);
  if (!masked) return Buffer.concat([head, body]);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, body.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

/** How a client asks for the upgrade; what is left out is as it should be. */
export interface Upgrade {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** One connection; what it is told is read one by one. */
export class RawSocket {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  /** Come after {@link #bytes}. */
  readonly #chunks: Buffer[] = [];
  #isOver = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => this.#chunks.push(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#isOver = true;
    });
  }

  /** Connects as if from the address `from`, and asks for the upgrade. */
  static async open(port: number, from: string, upgrade: Upgrade = {}): Promise<RawSocket> {
    const socket = connect(port, "127.0.0.1");
    const raw = new RawSocket(socket);
    await once(socket, "connect");
    const headers = {
      ...{ host: `127.0.0.1:${port}`, connection: "Upgrade", upgrade: "websocket", "x-forwarded-for": from },
      ...{ "sec-websocket-version": "13", "sec-websocket-key": randomBytes(16).toString("base64") },
      ...upgrade.headers,
    };
    const lines = Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}: ${value}`],
    );
    raw.write(`${[`${upgrade.method ?? "GET"} ${upgrade.path ?? "/ws"} HTTP/1.1`, ...lines].join("\r\n")}\r\n\r\n`);
    return raw;
  }

  write(bytes: Buffer | string): void {
    if (!this.#isOver) this.#socket.write(bytes);
  }

  /** Reads no more until {@link resume}. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The answer to the upgrade: `upgraded`, or `http STATUS CODE`. */
  async upgraded(budgetMs: number): Promise<string> {
    const end = await this.#until(() => this.#bytes.indexOf("\r\n\r\n"), budgetMs);
    if (end === undefined) return this.#silence();
    const head = this.#bytes.subarray(0, end).toString("latin1");
    const status = Number(head.split(" ")[1]);
    if (status === 101) {
      this.#bytes = this.#bytes.subarray(end + 4);
      return "upgraded";
    }
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    await this.#until(() => (this.#bytes.length >= end + 4 + length ? 0 : -1), budgetMs);
    return `http ${status} ${problemCode(this.#bytes.subarray(end + 4).toString())}`;
  }

  /** The next text frame's content, or `close CODE`, `ended` or `silence`. Answers pings with nothing. */
  async next(budgetMs: number): Promise<string> {
    const size = await this.#until(() => frameSize(this.#bytes), budgetMs);
    if (size === undefined) return this.#silence();
    const frame = this.#bytes.subarray(0, size);
    this.#bytes = this.#bytes.subarray(size);
    const opcode = (frame[0] ?? 0) & 0x0f;
    const payload = frame.subarray(headSize(frame));
    if (opcode === 8) return `close ${payload.length >= 2 ? payload.readUInt16BE(0) : 1005}`;
    return opcode === 1 ? payload.toString() : this.next(budgetMs);
  }

  #silence(): string {
    return this.#isOver ? "ended" : "silence";
  }

  /** Waits until `probe` is not negative. */
  async #until(probe: () => number, budgetMs: number): Promise<number | undefined> {
    const deadlineMs = performance.now() + budgetMs;
    for (;;) {
      if (this.#chunks.length > 0) this.#bytes = Buffer.concat([this.#bytes, ...this.#chunks.splice(0)]);
      const found = probe();
      if (found >= 0) return found;
      const leftMs = deadlineMs - performance.now();
      if (this.#isOver || leftMs <= 0) return undefined;
      if (this.#chunks.length === 0) await this.#more(leftMs);
    }
  }

  #more(budgetMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = () => {
      clearTimeout(timer);
      this.#socket.off("data", done).off("close", done);
      resolve();
    };
    const timer = setTimeout(done, budgetMs);
    this.#socket.once("data", done).once("close", done);
    return promise;
  }
}

/** Code of a problem document; `-` for anything else. */
export function problemCode(body: string): string {
  try {
    const { code } = JSON.parse(body) as { readonly code?: unknown };
    return typeof code === "string" ? code : "-";
  } catch {
    return "-";
  }
}

const headSize = (bytes: Buffer): number => {
  const length = (bytes[1] ?? 0) & 0x7f;
  return length === 126 ? 4 : length === 127 ? 10 : 2;
};

/** Size of the whole frame of a server at the beginning of `bytes`; negative while it is not all there. */
function frameSize(bytes: Buffer): number {
  if (bytes.length < 2 || bytes.length < headSize(bytes)) return -1;
  const length = (bytes[1] ?? 0) & 0x7f;
  const payload = length === 126 ? bytes.readUInt16BE(2) : length === 127 ? Number(bytes.readBigUInt64BE(2)) : length;
  return bytes.length >= headSize(bytes) + payload ? headSize(bytes) + payload : -1;
}
