/**
 * ICE over TCP (RFC 6544) for the pipe that only knows UDP: each connection's packets, framed by RFC 4571, go to the
 * UDP port from a socket of their own, and back. Bytes only: ICE and DTLS are between the far end and the peer.
 */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Socket } from "node:net";
import type { Logger } from "@lianmai/process";

/** Connections at once; further ones are closed. */
const MAX_CONNECTIONS = 512;
const MAX_PER_ADDRESS = 32;
/** No packet either way for this long, and the connection goes. */
const IDLE_MS = 30_000;
/** What waits for a slow reader; beyond it, packets are dropped, as a router would. */
const QUEUE_BYTES = 512 * 1024;
const MAX_PACKET_BYTES = 2_048;

export interface IceTcpFront {
  readonly port: number;
  connections(): number;
  close(): Promise<void>;
}

/** Listens. Rejects when the port cannot be had. */
export async function listenIceTcp(options: {
  readonly host: string;
  readonly port: number;
  readonly udpPort: number;
  readonly logger: Logger;
}): Promise<IceTcpFront> {
  const sockets = new Map<Socket, string>();
  const udpHost = ["", "0.0.0.0", "::"].includes(options.host) ? "127.0.0.1" : options.host;
  const server = createServer({ noDelay: true }, (socket) => {
    const address = socket.remoteAddress ?? "";
    const sameAddress = [...sockets.values()].filter((other) => other === address).length;
    if (sockets.size >= MAX_CONNECTIONS || sameAddress >= MAX_PER_ADDRESS) {
      socket.destroy();
      return;
    }
    sockets.set(socket, address);
    socket.on("close", () => sockets.delete(socket));
    relay(socket, { host: udpHost, port: options.udpPort });
  });
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen({ host: options.host, port: options.port }, () => listening.resolve());
  await listening.promise;
  server.on("error", (error) => options.logger.warn({ err: error }, "ICE-TCP listener failed"));
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound ? bound.port : options.port,
    connections: () => sockets.size,
    async close() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of sockets.keys()) socket.destroy();
      await closed.promise;
    },
  };
}

function relay(socket: Socket, to: { readonly host: string; readonly port: number }): void {
  const udp: UdpSocket = createSocket(to.host.includes(":") ? "udp6" : "udp4");
  const splitter = new FrameSplitter();
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("close", () => udp.close());
  socket.on("data", (chunk) => {
    const packets = splitter.push(chunk);
    if (!packets) socket.destroy();
    else for (const packet of packets) udp.send(packet, to.port, to.host, () => {});
  });
  udp.on("error", () => socket.destroy());
  udp.on("message", (packet) => {
    if (socket.writableLength > QUEUE_BYTES || !socket.writable) return;
    const frame = Buffer.allocUnsafe(2 + packet.length);
    frame.writeUInt16BE(packet.length, 0);
    packet.copy(frame, 2);
    socket.write(frame);
  });
  udp.bind();
}

/** Cuts RFC 4571 frames out of a byte stream: two bytes of length, then a packet. */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0);

  /** The packets completed; undefined when the stream cannot be ICE: a packet larger than any of it. */
  push(chunk: Buffer): Buffer[] | undefined {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const packets: Buffer[] = [];
    let at = 0;
    while (bytes.length - at >= 2) {
      const size = bytes.readUInt16BE(at);
      if (size > MAX_PACKET_BYTES) return undefined;
      if (bytes.length - at < 2 + size) break;
      if (size > 0) packets.push(bytes.subarray(at + 2, at + 2 + size));
      at += 2 + size;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
    return packets;
  }
}
