/** Puts the transcode process together: origin, registry of programs, operator routes. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { availableParallelism } from "node:os";
import {
  connectRedis,
  httpOrigin,
  type ProcessContext,
  readInstanceId,
  startOpsRoutes,
  systemClock,
} from "@lianmai/process";
import { MixerPool } from "./bus/mixer-pool.ts";
import { createOrigin } from "./hls/origin.ts";
import { warmUpFfmpeg } from "./ladder/ffmpeg-process.ts";
import { probeEncoder } from "./ladder/probe-encoder.ts";
import { NICENESS, prioritise, prioritiseSession } from "./prioritise.ts";
import { feedRoutes } from "./program/feed-routes.ts";
import { ProgramRegistry } from "./program/registry.ts";
import { ProgramSession } from "./program/session.ts";
import { ownSocketDirectory, removeOwnSocketDirectory, removeStaleSocketDirectories } from "./socket-directories.ts";
import { watchPrograms } from "./watch-programs.ts";

/** Upper bounds of the part delay histogram, seconds. */
const PART_DELAY_BUCKETS = [0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2];

/** Starts everything; resolves once the internal listener is open. */
export async function createTranscode(context: ProcessContext): Promise<{ stop(): Promise<void> }> {
  const { settings, logger, metrics } = context;
  prioritiseSession(NICENESS.transcode);
  prioritise(process.pid, NICENESS.transcode);
  await removeStaleSocketDirectories();
  const clock = systemClock;
  const redis = connectRedis(settings.REDIS_URL, { logger, role: "commands" });
  const subscriber = connectRedis(settings.REDIS_URL, { logger, role: "subscriber" });
  const instance = readInstanceId(settings.DATA_DIR, "transcode");
  // a mixer takes the longest to start, and after a crash a programme waits for it
  const mixers = new MixerPool({
    ...{ logger, directory: ownSocketDirectory() },
    minSourceDelayMs: settings.MIN_SOURCE_DELAY_MS,
  });
  const [encoder] = await Promise.all([probeEncoder(), warmUpFfmpeg()]);
  const origin = createOrigin({ clock, logger, metrics });
  let registry: ProgramRegistry | null = null;
  watchPrograms(metrics, () => registry);
  const partDelay = metrics.histogram(
    "lianmai_part_delay_seconds",
    "From the end of a part's time in the program to its publication.",
    PART_DELAY_BUCKETS,
  );
  const ops = startOpsRoutes({
    metrics,
    readiness: () => {
      const away = redis.status !== "ready";
      return { ready: !away, reasons: away ? ["redis is away"] : [] };
    },
  });
  const feeds = feedRoutes((programId) => {
    const sessions = [...(registry?.sessions.values() ?? [])];
    return sessions.find(({ record }) => record?.programId === programId)?.chain?.feed;
  });
  const server = createServer((request, response) => {
    if (origin.handle(request, response) || feeds(request, response) || ops(request, response)) return;
    response.writeHead(404, { "content-type": "application/problem+json" });
    response.end(JSON.stringify({ type: "about:blank", title: "Not Found", status: 404, code: "not-found" }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(settings.TRANSCODE_HTTP_PORT, settings.INTERNAL_HOST, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const originUrl = httpOrigin(settings.INTERNAL_HOST, port);
  const limits = {
    cores: availableParallelism(),
    maxHeight: settings.MAX_PROGRAM_HEIGHT,
    maxFps: settings.MAX_PROGRAM_FPS,
    hardware: encoder !== "libx264",
  };
  registry = new ProgramRegistry({
    ...{ redis, subscriber, instance, logger },
    createSession: (options) => {
      const session = new ProgramSession({
        ...options,
        ...{ originUrl, limits, encoder, mixers, clock, logger },
        onOrigin: (program) => origin.add(program),
        onPart: (part) => partDelay.observe(part.delayMs / 1_000),
      });
      // Another instance goes on with it: what is here would never end.
      void session.ended.then((reason) => {
        if (reason === "lease-lost" && session.chain) origin.remove(session.chain.origin);
      });
      return session;
    },
  });
  logger.info({ originUrl, encoder, cores: limits.cores }, "transcode is up");
  await registry.start();
  return {
    async stop() {
      await registry.stop();
      mixers.close();
      origin.close();
      server.closeAllConnections();
      server.close();
      redis.disconnect();
      subscriber.disconnect();
      await removeOwnSocketDirectory();
    },
  };
}
