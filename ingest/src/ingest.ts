import { connectRedis, httpOrigin, type ProcessContext, startOpsRoutes, systemClock } from "@lianmai/process";
import { INGEST_COMMANDS_CHANNEL, INGEST_EVENTS_CHANNEL } from "./contract.ts";
import { listenHttp } from "./http.ts";
import { createIngestMetrics, registerGauges } from "./metrics.ts";
import { createClaims } from "./publication/claims.ts";
import { Keeper } from "./publication/keeper.ts";
import { LiveSession } from "./publication/live-session.ts";
import { Registry } from "./publication/registry.ts";
import type { RtmpLimits } from "./rtmp/limits.ts";
import { listenRtmp } from "./rtmp/listener.ts";
import { sourceRoutes } from "./source/routes.ts";
import { instanceIdOrFail, portError } from "./start-error.ts";

/** A running ingest. */
export interface Ingest {
  readonly rtmpPort: number;
  readonly httpPort: number;
  stop(): Promise<void>;
}

/** Starts ingest: RTMP in, sources out over HTTP, facts to Redis. Throws StartError. */
export async function startIngest(
  context: Pick<ProcessContext, "settings" | "logger" | "metrics">,
  options: { readonly limits?: RtmpLimits } = {},
): Promise<Ingest> {
  const { settings, logger, metrics } = context;
  const instanceId = instanceIdOrFail(settings.DATA_DIR, "ingest");
  const url = settings.REDIS_URL || `redis://127.0.0.1:${settings.REDIS_PORT}/0`;
  const redis = connectRedis(url, { logger, role: "commands" });
  const subscriber = connectRedis(url, { logger, role: "subscriber" });
  const counters = createIngestMetrics(metrics);
  const claims = createClaims(redis, { instanceId });
  const keeper = new Keeper({ redis, claims, clock: systemClock, logger });
  let httpPort = 0;
  const registry = new Registry({
    redis,
    claims,
    instanceId,
    logger,
    maxPublishers: settings.MAX_PUBLISHERS,
    sourceBaseUrl: () => httpOrigin(settings.INTERNAL_HOST, httpPort),
    onAnnounce: (session) => keeper.announce(session),
    onEnd: (session, reason) => keeper.ended(session, reason),
  });
  const closeRedis = () => {
    redis.disconnect();
    subscriber.disconnect();
  };
  try {
    const http = await listenHttp({
      host: settings.INTERNAL_HOST,
      port: settings.INGEST_HTTP_PORT,
      sources: sourceRoutes((sessionId) => registry.find(sessionId)),
      ops: startOpsRoutes({
        metrics,
        readiness: () =>
          redis.status === "ready" ? { ready: true, reasons: [] } : { ready: false, reasons: ["redis is away"] },
      }),
    }).catch((error) => Promise.reject(portError(error, "INGEST_HTTP_PORT", settings.INGEST_HTTP_PORT)));
    httpPort = http.port;
    const rtmp = await listenRtmp({
      host: settings.RTMP_HOST,
      port: settings.RTMP_PORT,
      logger,
      metrics: counters,
      admit: (request) =>
        registry.admit({
          ...request,
          make: (admitted, hooks) => new LiveSession({ admitted, ...hooks, clock: systemClock, metrics: counters }),
        }),
      limits: options.limits,
    }).catch(async (error) => {
      await http.close();
      throw portError(error, "RTMP_PORT", settings.RTMP_PORT);
    });
    registerGauges(metrics, {
      publishers: () => registry.size,
      connections: () => rtmp.connections(),
      pending: () => rtmp.pending(),
      readers: () => registry.sessions().reduce((sum, session) => sum + session.source.readers, 0),
    });
    subscriber.on("message", (channel: string, text: string) => keeper.message(channel, text));
    void subscriber.subscribe(INGEST_COMMANDS_CHANNEL, INGEST_EVENTS_CHANNEL).catch(() => {});
    redis.on("ready", () => keeper.wake());
    keeper.start(registry);
    logger.info({ rtmpPort: rtmp.port, httpPort }, "ingest is listening");
    return {
      rtmpPort: rtmp.port,
      httpPort,
      async stop() {
        registry.stop();
        await rtmp.close();
        await keeper.stop();
        await http.close();
        closeRedis();
      },
    };
  } catch (error) {
    closeRedis();
    throw error;
  }
}
