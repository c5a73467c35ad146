/** Asks a WebRTC source's publisher for keyframes, not more often than helps. */
import http from "node:http";
import { keyframeRequestUrl } from "@lianmai/ingest/rtp-handover";
import type { Clock } from "@lianmai/process";

/** A publisher needs a round trip and an encoder's time to answer. */
const EVERY_MS = 400;
const BUDGET_MS = 2_000;

export class KeyframeRequests {
  readonly #url: string;
  readonly #clock: Clock;
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(options: { readonly sourceUrl: string; readonly clock: Clock }) {
    this.#url = keyframeRequestUrl(options.sourceUrl);
    this.#clock = options.clock;
  }

  ask(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#askedMs < EVERY_MS) return;
    this.#askedMs = nowMs;
    const request = http.request(this.#url, { method: "POST", agent: false, timeout: BUDGET_MS });
    request.on("response", (response) => response.resume());
    request.on("timeout", () => request.destroy());
    // The source is gone, or goes on without: asked again while it is needed.
    request.on("error", () => {});
    request.end();
  }
}
