import type { ServerFrame } from "../../protocol/room/frames.ts";

/** A frame for many connections: its bytes are made once for each transport. */
export class OutFrame {
  readonly json: string;
  #webSocket: Buffer | undefined;
  #events: Buffer | undefined;

  constructor(json: string) {
    this.json = json;
  }

  /** As a whole WebSocket message of a server: final text frame, unmasked. Spec: RFC 6455 5.2. */
  get webSocket(): Buffer {
    this.#webSocket ??= frameText(this.json);
    return this.#webSocket;
  }

  /** As one server-sent event. JSON holds no line feed. */
  get events(): Buffer {
    this.#events ??= Buffer.from(`data: ${this.json}\n\n`);
    return this.#events;
  }
}

/** A frame as JSON. */
export const outFrame = (frame: ServerFrame): OutFrame => new OutFrame(JSON.stringify(frame));

/** Wraps text in one WebSocket frame. */
export function frameText(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const buffer = Buffer.allocUnsafe(headBytes + length);
  buffer[0] = 0x81;
  if (headBytes === 2) buffer[1] = length;
  else if (headBytes === 4) {
    buffer[1] = 126;
    buffer.writeUInt16BE(length, 2);
  } else {
    buffer[1] = 127;
    buffer.writeBigUInt64BE(BigInt(length), 2);
  }
  buffer.write(text, headBytes);
  return buffer;
}
