import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** While slow, it reads for this long in each second. */
const READ_MS = 2;
const EVERY_MS = 1_000;

/** Stands between a client and the edge and, when told, takes hardly anything from the edge, as a bad network does. */
export class SlowProxy {
  readonly #server: Server;
  readonly #upstreams = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;
  #slow = 0;

  private constructor(edgePort: number) {
    this.#server = createServer((client) => this.#join(client, edgePort));
    this.#timer = setInterval(() => this.#sip(), EVERY_MS);
  }

  static async start(edgePort: number): Promise<SlowProxy> {
    const proxy = new SlowProxy(edgePort);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  slow(): void {
    this.#slow += 1;
    for (const upstream of this.#upstreams) upstream.pause();
  }

  quick(): void {
    this.#slow -= 1;
    if (this.#slow === 0) for (const upstream of this.#upstreams) upstream.resume();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#server.close();
    for (const upstream of this.#upstreams) upstream.destroy();
  }

  #sip(): void {
    if (this.#slow === 0) return;
    for (const upstream of this.#upstreams) upstream.resume();
    setTimeout(() => {
      if (this.#slow > 0) for (const upstream of this.#upstreams) upstream.pause();
    }, READ_MS);
  }

  #join(client: Socket, edgePort: number): void {
    const upstream = connect(edgePort, "127.0.0.1");
    this.#upstreams.add(upstream);
    client.pipe(upstream);
    upstream.on("data", (bytes) => client.write(bytes));
    if (this.#slow > 0) upstream.pause();
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.on("error", () => other.destroy());
      socket.on("close", () => other.destroy());
    }
    upstream.on("close", () => this.#upstreams.delete(upstream));
  }
}
