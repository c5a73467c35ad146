/**
 * The way of a mixer's records to its parent: a Unix socket that the child listens on, since only one who connects may
 * name the memory that is read into. Pictures are 40 MB a second; a new buffer for each 64 kB of them costs more in
 * pages and collection than the copying does.
 */
import { rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";

/** One read at most: what a socket's queue holds by default, rounded up. */
const READ_BYTES = 256 * 1_024;

/** Listens for the parent; both end the child when they fail. */
export function listenForParent(
  path: string,
  on: { readonly listening: () => void; readonly connected: (media: Socket) => void; readonly failed: () => void },
): void {
  const server = createServer((media) => {
    // One parent, once.
    server.close();
    on.connected(media);
  });
  server.maxConnections = 1;
  server.on("error", on.failed);
  server.listen(path, on.listening);
}

/** Connects to a child that listens. `onBytes` gets memory that is overwritten by the next read. */
export function connectToMixer(path: string, onBytes: (bytes: Buffer) => void): Socket {
  const memory = Buffer.allocUnsafeSlow(READ_BYTES);
  const media = connect({
    path,
    onread: {
      buffer: memory,
      callback: (bytesRead) => {
        onBytes(memory.subarray(0, bytesRead));
        return true;
      },
    },
  });
  // Its end is the child's, which is heard of by its exit.
  media.on("error", () => {});
  media.on("close", () => rmSync(path, { force: true }));
  return media;
}
