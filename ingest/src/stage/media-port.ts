import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";

/**
 * Makes sure of the UDP port before the media library binds it with the first peer, and finds a free one for 0.
 * Rejects with the socket's error.
 */
export async function probeMediaPort(host: string, port: number): Promise<number> {
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
