import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, isIPv6 } from "node:net";

/** A port that is free for TCP is rarely taken for UDP. */
const ATTEMPTS = 20;

/**
 * Makes sure of the UDP port before the media library binds it with the first peer; for 0 finds one that is free for
 * UDP and for ICE-TCP. Rejects with the socket's error.
 */
export async function probeMediaPort(host: string, port: number): Promise<number> {
  if (port !== 0) return await bindUdp(host, port);
  for (let attempt = 1; ; attempt += 1) {
    const found = await freeTcpPort(host);
    try {
      return await bindUdp(host, found);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function freeTcpPort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function bindUdp(host: string, port: number): Promise<number> {
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  const bound = Promise.withResolvers<number>();
  socket.once("error", bound.reject);
  socket.bind(port, host, () => bound.resolve(socket.address().port));
  try {
    return await bound.promise;
  } finally {
    socket.close();
  }
}
