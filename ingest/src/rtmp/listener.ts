import { createServer, type Socket } from "node:net";
import type { Logger } from "@lianmai/process";
import type { IngestMetrics } from "../metrics.ts";
import { ConnectionGate } from "./guard-connections.ts";
import { RTMP_LIMITS, type RtmpLimits } from "./limits.ts";
import { type AdmitKey, RtmpPublisher } from "./session.ts";

/** The RTMP port, open. */
export interface RtmpListener {
  readonly port: number;
  connections(): number;
  pending(): number;
  close(): Promise<void>;
}

/** Listens for RTMP publishers. Rejects when the port cannot be had. */
export async function listenRtmp(options: {
  readonly host: string;
  readonly port: number;
  readonly logger: Logger;
  readonly metrics: IngestMetrics;
  readonly admit: AdmitKey;
  readonly limits?: RtmpLimits;
}): Promise<RtmpListener> {
  const { host, port, logger, metrics, admit, limits = RTMP_LIMITS } = options;
  const sockets = new Set<Socket>();
  const gate = new ConnectionGate<RtmpPublisher>(limits, { evict: (publisher) => publisher.evict() });
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 5_000 }, (socket) => {
    const address = socket.remoteAddress ?? "";
    if (!gate.allows(address)) {
      metrics.violated("too-many-connections");
      socket.destroy();
      return;
    }
    sockets.add(socket);
    const publisher: RtmpPublisher = new RtmpPublisher(socket, {
      limits,
      admit,
      metrics,
      logger: logger.child({ peer: `${address}:${socket.remotePort}` }),
      onLive: () => gate.leave(publisher),
    });
    gate.enter(publisher, address);
    socket.on("close", () => {
      sockets.delete(socket);
      gate.leave(publisher);
    });
  });
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen({ host, port, backlog: 511 }, () => listening.resolve());
  await listening.promise;
  // An accept that fails (no file descriptors) must not end the process.
  server.on("error", (error) => logger.warn({ reason: error.message }, "RTMP listener"));
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound ? bound.port : port,
    connections: () => sockets.size,
    pending: () => gate.pending,
    async close() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of sockets) socket.destroySoon();
      setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, limits.closeMs);
      await closed.promise;
    },
  };
}
