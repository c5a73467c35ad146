import type { IncomingHttpHeaders } from "node:http";
import type { Clock, Logger } from "@lianmai/process";
import type { IngestMetrics } from "../metrics.ts";
import type { Admission, MakeSession, Registry } from "../publication/registry.ts";
import { type AgreedLine, takeLine } from "../webrtc/negotiate.ts";
import { readDescription, SdpError, type SessionDescription } from "../webrtc/sdp.ts";
import type { StageErrorCode } from "./errors.ts";
import { type MediaPeer, openPeer, type PeerParts } from "./peer-factory.ts";
import { RtcSession } from "./rtc-session.ts";
import type { SessionAnswer, SessionResource, SessionService } from "./session-routes.ts";
import { readPublisher, type WhipPublisher } from "./whip-publisher.ts";

/** No media for this long ends a session: the encoder's machine is gone, or its network. */
const IDLE_MS = 8_000;
/** A peer that has not connected within this is given up. */
const CONNECT_BUDGET_MS = 15_000;
const LOOK_EVERY_MS = 1_000;

interface WhipOptions {
  readonly registry: Registry;
  readonly peers: PeerParts;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<IngestMetrics, "ended" | "refused">;
}

/** Takes WHIP publishers in: reads their offer, claims the room, opens the peer, answers. */
export class WhipSessions implements SessionService {
  readonly #options: WhipOptions;
  readonly #resources = new Map<string, SessionResource & { readonly room: string }>();

  constructor(options: WhipOptions) {
    this.#options = options;
  }

  find(room: string, sessionId: string): SessionResource | undefined {
    const resource = this.#resources.get(sessionId);
    return resource?.room === room ? resource : undefined;
  }

  async start(
    room: string,
    request: { readonly offer: string; readonly headers: IncomingHttpHeaders },
  ): Promise<SessionAnswer> {
    const publisher = readPublisher(request.headers);
    if (!publisher) return { kind: "refused", code: "no-key" };
    const read = readOffer(request.offer);
    if (read.kind === "refused") return read;
    const { offer, agreed } = read;
    let peer: MediaPeer | undefined;
    const make: MakeSession<RtcSession> = (admitted, hooks) => {
      const opened = this.#open(offer, agreed, () => session.end("closed"));
      peer = opened;
      const session = new RtcSession({
        admitted,
        ...hooks,
        protocol: "whip",
        tracks: agreed.flatMap(({ published }) => {
          const producer = published && opened.connection.publisher.producer(published.mid);
          return producer ? [{ producer, payloadType: published.codec.payloadType }] : [];
        }),
        encoder: request.headers["user-agent"] ?? "",
        clock: this.#options.clock,
        metrics: this.#options.metrics,
        onClose: () => {
          this.#resources.delete(session.sessionId);
          opened.close();
        },
      });
      return session;
    };
    const admission = await this.#admit(room, publisher, make);
    if (admission.kind === "refused") {
      this.#options.metrics.refused(admission.reason);
      return { kind: "refused", code: admission.reason === "unknown-app" ? "not-found" : admission.reason };
    }
    const { session } = admission;
    if (!peer || session.ended) return { kind: "refused", code: "unavailable" };
    this.#watch(session);
    const etag = `"${session.sessionId.slice(0, 8)}"`;
    this.#resources.set(session.sessionId, {
      room,
      etag,
      usernameFragment: offer.transport.usernameFragment,
      close: () => session.end("unpublished"),
    });
    const sdp = peer.describe(
      agreed.map(({ local }) => local),
      "answer",
    );
    return { kind: "created", sessionId: session.sessionId, sdp, etag };
  }

  #admit(room: string, publisher: WhipPublisher, make: MakeSession<RtcSession>): Promise<Admission<RtcSession>> {
    const { registry, logger } = this.#options;
    const common = { room, logger, make };
    return publisher.by === "key"
      ? registry.admit({ ...common, key: publisher.key })
      : registry.admitHost({ ...common, userId: publisher.userId, takeover: publisher.takeover });
  }

  #open(offer: SessionDescription, agreed: readonly AgreedLine[], onClosed: () => void): MediaPeer {
    const { peers, logger } = this.#options;
    return openPeer(offer, agreed, {
      ...peers,
      onConnected: () => logger.debug("publisher connected"),
      onClosed,
    });
  }

  #watch(session: RtcSession): void {
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    const timer = setInterval(() => {
      const budgetMs = clock.monotonicMs() - startedMs < CONNECT_BUDGET_MS ? CONNECT_BUDGET_MS : IDLE_MS;
      if (!session.ended && session.silentMs > budgetMs) session.end("idle");
      if (session.ended) clearInterval(timer);
    }, LOOK_EVERY_MS);
  }
}

type ReadOffer =
  | { readonly kind: "read"; readonly offer: SessionDescription; readonly agreed: readonly AgreedLine[] }
  | { readonly kind: "refused"; readonly code: StageErrorCode; readonly detail?: string };

/** The first usable picture and sound of an offer; its other lines are declined. */
function readOffer(text: string): ReadOffer {
  let offer: SessionDescription;
  try {
    offer = readDescription(text);
  } catch (error) {
    if (!(error instanceof SdpError)) throw error;
    return { kind: "refused", code: "offer-unreadable", detail: error.message };
  }
  const sending = offer.media.filter(({ direction }) => direction === "sendrecv" || direction === "sendonly");
  if (!sending.some(({ type }) => type === "audio" || type === "video")) {
    return { kind: "refused", code: "nothing-offered" };
  }
  const taken = new Set<string>();
  const agreed = offer.media.map((media) => {
    const line = takeLine(taken.has(media.type) ? { ...media, direction: "inactive" } : media, "theirs");
    if (line.published) taken.add(media.type);
    return line;
  });
  return taken.size > 0 ? { kind: "read", offer, agreed } : { kind: "refused", code: "no-common-codec" };
}
