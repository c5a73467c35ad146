/** A way for UDP packets that loses some of them and holds each for a time of its own, so that they overtake each other. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { type Random, randomFrom } from "@lianmai/process/testing/seeded-random";

const HOST = "127.0.0.1";

export interface WayOptions {
  /** Where packets go that come from elsewhere. */
  readonly toPort: number;
  /** Share of the packets lost, each way; 0 to 1. */
  readonly loss: number;
  /** Each packet takes this long, more or less by up to as much. */
  readonly jitterMs: number;
  readonly seed: number;
}

/** What became of the packets, both ways. */
export interface WayCounts {
  readonly passed: number;
  readonly lost: number;
  readonly longestMs: number;
}

export class PoorWay {
  readonly #socket: Socket;
  readonly #options: WayOptions;
  readonly #random: Random;
  readonly #timers = new Set<NodeJS.Timeout>();
  #from: RemoteInfo | undefined;
  #isPoor = false;
  #passed = 0;
  #lost = 0;
  #longestMs = 0;

  private constructor(socket: Socket, options: WayOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#random = randomFrom(options.seed);
    socket.on("message", (packet, from) => this.#take(packet, from));
  }

  /** Opens it, as good as this machine's own until {@link worsen}. */
  static async open(options: WayOptions): Promise<PoorWay> {
    const socket = createSocket("udp4").bind(0, HOST);
    await once(socket, "listening");
    return new PoorWay(socket, options);
  }

  /** With {@link port}, what stands for the port it leads to. */
  get host(): string {
    return HOST;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get counts(): WayCounts {
    return { passed: this.#passed, lost: this.#lost, longestMs: this.#longestMs };
  }

  worsen(): void {
    this.#isPoor = true;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#socket.close();
  }

  #take(packet: Buffer, from: RemoteInfo): void {
    const isBack = from.port === this.#options.toPort;
    if (!isBack) this.#from = from;
    const port = isBack ? this.#from?.port : this.#options.toPort;
    if (port === undefined) return;
    if (!this.#isPoor) {
      this.#socket.send(packet, port, HOST);
      return;
    }
    if (this.#random() < this.#options.loss) {
      this.#lost += 1;
      return;
    }
    const sinceMs = performance.now();
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#passed += 1;
        this.#longestMs = Math.max(this.#longestMs, performance.now() - sinceMs);
        this.#socket.send(packet, port, HOST);
      },
      this.#random() * 2 * this.#options.jitterMs,
    );
    this.#timers.add(timer);
  }
}
