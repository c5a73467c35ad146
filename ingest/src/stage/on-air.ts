import type { Clock, Logger } from "@lianmai/process";
import type { Takeover } from "../contract.ts";
import type { IngestMetrics } from "../metrics.ts";
import type { Registry } from "../publication/registry.ts";
import { type PublishedTrack, RtcSession } from "../rtc/rtc-session.ts";
import type { SignallingCode } from "../signalling.ts";
import type { StageActor } from "../stage-contract.ts";

export interface OnAirOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<IngestMetrics, "ended">;
}

/** Hosts who publish from their browser on the stage: the room's publication, claimed as an encoder's is. */
export class OnAir {
  readonly #options: OnAirOptions;
  readonly #sessions = new Map<string, { readonly userId: string; readonly session: RtcSession }>();

  constructor(options: OnAirOptions) {
    this.#options = options;
  }

  async start(
    room: string,
    host: { readonly actor: StageActor; readonly tracks: readonly PublishedTrack[]; readonly takeover: Takeover },
  ): Promise<"done" | SignallingCode> {
    const { registry, logger, clock, metrics } = this.#options;
    const { userId } = host.actor;
    if (this.#sessions.get(room)?.userId === userId) return "done";
    const admission = await registry.admitHost<RtcSession>({
      ...{ room, userId, logger },
      takeover: host.takeover,
      make: (admitted, hooks) => {
        const session: RtcSession = new RtcSession({
          ...{ admitted, ...hooks, clock, metrics },
          protocol: "stage",
          tracks: host.tracks,
          encoder: "browser",
          onClose: () => {
            if (this.#sessions.get(room)?.session === session) this.#sessions.delete(room);
          },
        });
        return session;
      },
    });
    if (admission.kind === "refused") return admission.reason === "already-live" ? "already-live" : "stage-busy";
    this.#sessions.set(room, { userId, session: admission.session });
    return "done";
  }

  /** Off the air, if it is this user who is on. */
  stop(room: string, userId: string): void {
    const found = this.#sessions.get(room);
    if (found?.userId === userId) found.session.end("unpublished");
  }
}
