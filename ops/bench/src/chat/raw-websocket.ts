/**
 * A WebSocket client for load: thousands of them in one process cost less than the server they measure. Speaks text
 * and close only, trusts the server, and does not check the handshake's hash. Spec: RFC 6455 5.2.
 */
import { connect, type Socket } from "node:net";

/** All sockets read into one buffer: what is read is taken within the same turn. */
const shared = Buffer.allocUnsafe(512 * 1_024);
const HEAD_END = "\r\n\r\n";
/** A header as short as a client's may be, masked by zeros: masking costs the peer the same and us nothing. */
const MASKED = 0x80;

/** Who uses a connection. */
export interface RawListener {
  /** The handshake is through. */
  readonly onOpen: (socket: RawWebSocket) => void;
  /** A whole message is in `bytes` from `start` to `end`; gone after the call. */
  readonly onText: (bytes: Buffer, start: number, end: number) => void;
  /** Once, when the connection has ended; `code` of the close frame, or 0. */
  readonly onClose: (code: number) => void;
}

/** One connection. */
export class RawWebSocket {
  readonly #socket: Socket;
  readonly #listener: RawListener;
  #isOpen = false;
  #rest: Buffer | undefined;
  #closeCode = 0;

  constructor(
    where: { readonly port: number; readonly path: string; readonly protocol?: string },
    listener: RawListener,
  ) {
    const { port, path, protocol } = where;
    this.#listener = listener;
    this.#socket = connect({
      ...{ port, host: "127.0.0.1", noDelay: true },
      onread: { buffer: shared, callback: (length, buffer) => this.#read(buffer as Buffer, length) },
    });
    const head = [
      `GET ${path} HTTP/1.1`,
      "Host: 127.0.0.1",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: bG9hZCBvZiBhIGJlbmNoIQ==",
      ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
    ];
    this.#socket.on("connect", () => this.#socket.write(head.join("\r\n") + HEAD_END));
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => listener.onClose(this.#closeCode));
  }

  send(text: string): void {
    const length = Buffer.byteLength(text);
    const headBytes = length < 126 ? 6 : 8;
    const frame = Buffer.alloc(headBytes + length);
    frame[0] = 0x81;
    frame[1] = MASKED | Math.min(length, 126);
    if (length >= 126) frame.writeUInt16BE(length, 2);
    frame.write(text, headBytes);
    this.#socket.write(frame);
  }

  /** Drops the connection without a word. */
  drop(): void {
    this.#socket.destroy();
  }

  #read(buffer: Buffer, length: number): boolean {
    const bytes = this.#rest ? Buffer.concat([this.#rest, buffer.subarray(0, length)]) : buffer;
    const end = this.#rest ? bytes.length : length;
    this.#rest = undefined;
    const from = this.#isOpen ? this.#frames(bytes, 0, end) : this.#handshake(bytes, end);
    if (from < end) this.#rest = Buffer.from(bytes.subarray(from, end));
    return true;
  }

  #handshake(bytes: Buffer, end: number): number {
    const at = bytes.indexOf(HEAD_END);
    if (at < 0 || at >= end) return 0;
    if (bytes.toString("latin1", 9, 12) !== "101") {
      this.#closeCode = Number(bytes.toString("latin1", 9, 12));
      this.#socket.destroy();
      return end;
    }
    this.#isOpen = true;
    this.#listener.onOpen(this);
    return this.#frames(bytes, at + HEAD_END.length, end);
  }

  /** Takes whole frames; answers where what is left begins. */
  #frames(bytes: Buffer, from: number, end: number): number {
    let at = from;
    for (let frame = frameAt(bytes, at, end); frame; frame = frameAt(bytes, at, end)) {
      this.#frame((bytes[at] ?? 0) & 0x0f, bytes, frame.start, frame.end);
      at = frame.end;
    }
    return at;
  }

  #frame(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === 1) this.#listener.onText(bytes, start, end);
    if (opcode !== 8) return;
    this.#closeCode = end - start >= 2 ? bytes.readUInt16BE(start) : 1_005;
    this.#socket.destroy();
  }
}

/** Where the payload of the frame at `at` lies; undefined while it is not whole. */
function frameAt(bytes: Buffer, at: number, end: number): { readonly start: number; readonly end: number } | undefined {
  const short = (bytes[at + 1] ?? 0) & 0x7f;
  const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
  if (start > end) return undefined;
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6);
  return start + length > end ? undefined : { start, end: start + length };
}
