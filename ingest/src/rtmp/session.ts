import type { Socket } from "node:net";
import type { Logger } from "@lianmai/process";
import type { FlvTag } from "../flv/index.ts";
import type { IngestMetrics } from "../metrics.ts";
import type { LiveSession } from "../publication/live-session.ts";
import { ENDINGS, type EndReason, REFUSALS, type RefusalReason, type StatusText } from "../publication/reasons.ts";
import type { Admission } from "../publication/registry.ts";
import { RtmpViolation, type ViolationReason } from "./guard-chunks.ts";
import type { RtmpLimits } from "./limits.ts";
import { type RtmpPeer, startRtmp } from "./server.ts";

/** The one application name: `rtmp://host/live`. */
const APP = "live";

type State =
  | { readonly at: "handshaking" }
  | { readonly at: "connecting" }
  | { readonly at: "authorising"; readonly held: FlvTag[]; heldBytes: number }
  | { readonly at: "live"; readonly session: LiveSession }
  | { readonly at: "closing" };

/** Asks for a stream key's session. */
export type AdmitKey = (request: { readonly key: string; readonly logger: Logger }) => Promise<Admission<LiveSession>>;

export interface RtmpSessionOptions {
  readonly limits: RtmpLimits;
  readonly admit: AdmitKey;
  readonly logger: Logger;
  readonly metrics: IngestMetrics;
  /** The connection is live: it no longer counts among the waiting. */
  readonly onLive: () => void;
}

/**
 * One RTMP connection's life: handshake, connect, publish, the decision, media, end. Media before the decision is
 * held within a bound; after a refusal nothing is read.
 */
export class RtmpPublisher {
  readonly #socket: Socket;
  readonly #options: RtmpSessionOptions;
  readonly #peer: RtmpPeer;
  #state: State = { at: "handshaking" };
  #deadline: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: RtmpSessionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#expect(options.limits.handshakeMs, "handshake-timeout");
    socket.on("error", () => {});
    socket.on("close", () => this.#closed());
    this.#peer = startRtmp(socket, {
      limits: options.limits,
      handlers: {
        onHandshake: () => this.#shookHands(),
        onPublish: (request) => this.#publish(request.app, request.streamName),
        onMedia: (tag) => this.#media(tag),
        onUnpublish: () => this.#unpublish(),
        onViolation: (violation) => this.#violated(violation),
      },
    });
  }

  /** Ends a waiting connection to make room. */
  evict(): void {
    this.#options.metrics.violated("evicted");
    this.#state = { at: "closing" };
    this.#socket.destroy();
  }

  #shookHands(): void {
    if (this.#state.at !== "handshaking") return;
    this.#state = { at: "connecting" };
    this.#expect(this.#options.limits.publishMs, "publish-timeout");
  }

  #publish(app: string, streamName: string): void {
    // The publish command may ride in the handshake's last bytes.
    this.#shookHands();
    if (this.#state.at !== "connecting") throw new RtmpViolation("bad-command-order", "second publish");
    clearTimeout(this.#deadline);
    this.#state = { at: "authorising", held: [], heldBytes: 0 };
    const [appName = ""] = app.split("?", 1);
    if (appName.replaceAll("/", "") !== APP) {
      this.#refuse("unknown-app");
      return;
    }
    const [key = ""] = streamName.split("?", 1);
    const { admit, logger } = this.#options;
    void admit({ key: key.trim(), logger })
      .then((admission) => this.#decided(admission))
      .catch((error: unknown) => this.#violated(new RtmpViolation("parser-error", { cause: error })));
  }

  #decided(admission: Admission<LiveSession>): void {
    const state = this.#state;
    if (admission.kind === "refused") {
      if (state.at === "authorising") this.#refuse(admission.reason);
      return;
    }
    const { session } = admission;
    if (state.at !== "authorising" || session.ended) {
      session.end("closed");
      if (state.at === "authorising") this.#close(ENDINGS["ingest-stopping"]);
      return;
    }
    this.#state = { at: "live", session };
    this.#options.onLive();
    session.onEnd((reason) => this.#ended(reason));
    this.#deadline = setTimeout(() => session.end("idle"), this.#options.limits.idleMs);
    this.#peer.accept();
    for (const tag of state.held) session.push(tag);
  }

  #media(tag: FlvTag): void {
    const state = this.#state;
    if (state.at === "live") {
      if (tag.data.length > 0) this.#deadline?.refresh();
      state.session.push(tag);
    } else if (state.at === "authorising") {
      state.heldBytes += tag.data.length + 64;
      if (state.heldBytes > this.#options.limits.heldBytes) throw new RtmpViolation("held-too-much");
      state.held.push({ ...tag, data: Buffer.from(tag.data) });
    } else if (state.at !== "closing") throw new RtmpViolation("media-before-publish");
  }

  #unpublish(): void {
    if (this.#state.at === "live") this.#state.session.end("unpublished");
  }

  #ended(reason: EndReason): void {
    if (this.#state.at === "live") this.#close(ENDINGS[reason]);
  }

  #refuse(reason: RefusalReason): void {
    this.#options.metrics.refused(reason);
    this.#options.logger.info({ reason }, "publisher refused");
    this.#close(REFUSALS[reason]);
  }

  #violated(violation: RtmpViolation): void {
    this.#options.metrics.violated(violation.reason);
    this.#options.logger.debug({ reason: violation.message }, "connection broke the protocol");
    const state = this.#state;
    this.#close(undefined);
    if (state.at === "live") state.session.end("protocol-error");
  }

  #expect(afterMs: number, reason: ViolationReason): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#violated(new RtmpViolation(reason)), afterMs);
  }

  #close(status: StatusText | undefined): void {
    if (this.#state.at === "closing") return;
    this.#state = { at: "closing" };
    clearTimeout(this.#deadline);
    if (!status) {
      this.#socket.destroy();
      return;
    }
    this.#peer.refuse(status.code, status.description);
    this.#socket.end();
    this.#deadline = setTimeout(() => this.#socket.destroy(), this.#options.limits.closeMs);
  }

  #closed(): void {
    clearTimeout(this.#deadline);
    const state = this.#state;
    this.#state = { at: "closing" };
    if (state.at === "live") state.session.end("closed");
  }
}
