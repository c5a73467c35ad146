import type { Metrics } from "@lianmai/process";
import type { TrafficCounter } from "../sfu/connection.ts";

/** Counts packets for metrics and for placement. */
export class Traffic implements TrafficCounter {
  #packets = 0;
  #packetsBefore = 0;
  #rate = 0;
  readonly #timer: NodeJS.Timeout;
  readonly #bytes = { received: 0, sent: 0, resent: 0 };
  #withheld = 0;

  constructor(metrics: Metrics) {
    const gauge = (name: string, help: string, value: () => number) =>
      metrics.gauge(name, help, [], (self) => self.set(value()));
    gauge("lianmai_stage_packets_per_second", "RTP and RTCP packets, both ways.", () => this.#rate);
    gauge("lianmai_stage_received_bytes", "RTP and RTCP received since the start.", () => this.#bytes.received);
    gauge("lianmai_stage_sent_bytes", "RTP and RTCP sent since the start.", () => this.#bytes.sent);
    gauge("lianmai_stage_resent_bytes", "Sent again on request since the start.", () => this.#bytes.resent);
    gauge(
      "lianmai_stage_withheld_packets",
      "Not sent again, beyond the budget, since the start.",
      () => this.#withheld,
    );
    this.#timer = setInterval(() => {
      this.#rate = this.#packets - this.#packetsBefore;
      this.#packetsBefore = this.#packets;
    }, 1_000);
  }

  get packetsPerSecond(): number {
    return this.#rate;
  }

  received(bytes: number): void {
    this.#packets += 1;
    this.#bytes.received += bytes;
  }

  sent(bytes: number): void {
    this.#packets += 1;
    this.#bytes.sent += bytes;
  }

  resent(bytes: number): void {
    this.#bytes.resent += bytes;
  }

  withheld(): void {
    this.#withheld += 1;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
