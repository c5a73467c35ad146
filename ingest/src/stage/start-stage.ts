import { connectRedis, httpOrigin, type ProcessContext, startOpsRoutes, systemClock } from "@lianmai/process";
import { INGEST_COMMANDS_CHANNEL, INGEST_EVENTS_CHANNEL } from "../contract.ts";
import { listenHttp } from "../http.ts";
import { createIngestMetrics } from "../metrics.ts";
import { ProgramLinks } from "../program/program-links.ts";
import { createClaims } from "../publication/claims.ts";
import { Keeper } from "../publication/keeper.ts";
import { Registry } from "../publication/registry.ts";
import { iceServersFor } from "../rtc/ice-servers.ts";
import type { PeerParts } from "../rtc/peer-factory.ts";
import { sessionRoutes } from "../rtc/session-routes.ts";
import { WhepSessions } from "../rtc/whep.ts";
import { WhipSessions } from "../rtc/whip.ts";
import { createStageStore } from "../seats/store.ts";
import { sourceRoutes } from "../source/routes.ts";
import { STAGE_COMMANDS_CHANNEL, STAGE_EVENTS_CHANNEL } from "../stage-contract.ts";
import { instanceIdOrFail, portError } from "../start-error.ts";
import { type IceTcpFront, listenIceTcp } from "../webrtc/ice-tcp.ts";
import { createPeerEngine } from "../webrtc/raw-peer.ts";
import { WHEP_COMMANDS_CHANNEL } from "../whep-contract.ts";
import { connectionTestRoutes } from "./connection-test.ts";
import { guardNode } from "./guard-node.ts";
import { probeMediaPort } from "./media-port.ts";
import { OnAir } from "./on-air.ts";
import { Placement } from "./placement.ts";
import { StageRooms } from "./rooms.ts";
import { signallingRoutes } from "./signalling-routes.ts";
import { Traffic } from "./traffic.ts";

/** A running stage process. */
export interface StageProcess {
  readonly httpPort: number;
  /** UDP, and TCP unless switched off. */
  readonly mediaPort: number;
  readonly nodeToken: string;
  stop(): Promise<void>;
}

const CHANNELS = [
  ...[INGEST_COMMANDS_CHANNEL, INGEST_EVENTS_CHANNEL],
  ...[STAGE_EVENTS_CHANNEL, STAGE_COMMANDS_CHANNEL, WHEP_COMMANDS_CHANNEL],
];

const list = (text: string): string[] => text.split(/[,\s]+/).filter((entry) => entry !== "");

/** Starts the stage: WebRTC media on one port, WHIP behind the edges, sources to transcode. Throws StartError. */
export async function startStage(
  context: Pick<ProcessContext, "settings" | "logger" | "metrics">,
): Promise<StageProcess> {
  const { settings, logger, metrics } = context;
  const instanceId = instanceIdOrFail(settings.DATA_DIR, "stage");
  const mediaPort = await probeMediaPort(settings.MEDIA_HOST, settings.MEDIA_PORT).catch((error) =>
    Promise.reject(portError(error, "MEDIA_PORT", settings.MEDIA_PORT)),
  );
  const url = settings.REDIS_URL || `redis://127.0.0.1:${settings.REDIS_PORT}/0`;
  const redis = connectRedis(url, { logger, role: "commands" });
  const subscriber = connectRedis(url, { logger, role: "subscriber" });
  const counters = createIngestMetrics(metrics);
  const claims = createClaims(redis, { instanceId });
  const keeper = new Keeper({ redis, claims, clock: systemClock, logger });
  const traffic = new Traffic(metrics);
  let httpPort = 0;
  const baseUrl = () => httpOrigin(settings.INTERNAL_HOST, httpPort);
  const registry = new Registry({
    ...{ redis, claims, instanceId, logger, sourceBaseUrl: baseUrl },
    maxPublishers: settings.MAX_PUBLISHERS,
    onAnnounce: (session) => keeper.announce(session),
    onEnd: (session, reason) => keeper.ended(session, reason),
  });
  const peers: PeerParts = {
    engine: createPeerEngine({ host: settings.MEDIA_HOST, port: mediaPort }),
    candidates: {
      announced: list(settings.MEDIA_ANNOUNCED),
      udpPort: mediaPort,
      tcpPort: settings.MEDIA_TCP ? mediaPort : 0,
    },
    nowMs: () => systemClock.monotonicMs(),
    traffic,
  };
  const whip = new WhipSessions({ registry, peers, clock: systemClock, logger, metrics: counters });
  const iceServersOf = (user: string) =>
    iceServersFor(
      { stunUrls: list(settings.STUN_URLS), turnUrls: list(settings.TURN_URLS), turnSecret: settings.TURN_SECRET },
      user,
      systemClock.wallMs(),
    );
  const programs = new ProgramLinks({ redis, logger, nowMs: () => systemClock.monotonicMs() });
  const onAir = new OnAir({ registry, clock: systemClock, logger, metrics: counters });
  const rooms: StageRooms = new StageRooms({
    ...{ redis, peers, logger, onAir, programs, sourceBaseUrl: baseUrl },
    store: createStageStore(redis, { clock: systemClock }),
    iceServers: iceServersOf,
    take: (room) => placement.take(room),
  });
  const placement = new Placement({
    ...{ nodeId: instanceId, redis, logger, url: baseUrl },
    packetsPerSecond: () => traffic.packetsPerSecond,
    rooms: () => rooms.names(),
    onLost: (room) => rooms.lost(room),
    nowMs: () => systemClock.monotonicMs(),
  });
  const whep = new WhepSessions({ programs, peers, logger, maxViewers: settings.MAX_WHEP_VIEWERS });
  metrics.gauge("lianmai_stage_whep_viewers", "Viewers by WebRTC.", [], (gauge) => gauge.set(whep.size));
  const sessions = [
    sessionRoutes({ name: "whip", sessions: whip, iceServers: () => iceServersOf("whip") }),
    sessionRoutes({ name: "whep", sessions: whep, iceServers: () => iceServersOf("whep") }),
    connectionTestRoutes({ peers, iceServers: () => iceServersOf("test") }),
  ];
  let front: IceTcpFront | undefined;
  const closeAll = async () => {
    programs.close();
    await front?.close();
    traffic.close();
    redis.disconnect();
    subscriber.disconnect();
  };
  try {
    if (settings.MEDIA_TCP) {
      front = await listenIceTcp({ host: settings.MEDIA_HOST, port: mediaPort, udpPort: mediaPort, logger }).catch(
        (error) => Promise.reject(portError(error, "MEDIA_PORT", mediaPort)),
      );
    }
    const http = await listenHttp({
      host: settings.INTERNAL_HOST,
      port: settings.STAGE_HTTP_PORT,
      sources: sourceRoutes((sourceId) => registry.find(sourceId) ?? rooms.findSource(sourceId)),
      ops: startOpsRoutes({
        metrics,
        readiness: () =>
          redis.status === "ready" ? { ready: true, reasons: [] } : { ready: false, reasons: ["redis is away"] },
      }),
      more: guardNode(placement.token, [...sessions, signallingRoutes(rooms)]),
    }).catch((error) => Promise.reject(portError(error, "STAGE_HTTP_PORT", settings.STAGE_HTTP_PORT)));
    httpPort = http.port;
    subscriber.on("message", (channel: string, text: string) => {
      keeper.message(channel, text);
      rooms.message(channel, text);
      whep.message(channel, text);
    });
    void subscriber.subscribe(...CHANNELS).catch(() => {});
    const wake = () => {
      keeper.wake();
      void placement
        .renew()
        .then(() => rooms.takeUp())
        .catch(() => {});
    };
    redis.on("ready", wake);
    keeper.start(registry);
    await placement.start();
    wake();
    logger.info({ httpPort, mediaPort }, "stage is listening");
    return {
      httpPort,
      mediaPort,
      nodeToken: placement.token,
      async stop() {
        await placement.drain();
        rooms.close();
        whep.close();
        registry.stop();
        await placement.stop();
        await keeper.stop();
        await http.close();
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
