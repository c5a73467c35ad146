import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Clock, connectRedis, type ProcessContext, startOpsRoutes, systemClock } from "@lianmai/process";
import { ensureFirstAccount } from "./accounts/first-account.ts";
import { createPasswords } from "./accounts/passwords.ts";
import { accountRoutes } from "./accounts/routes.ts";
import { createSessions } from "./accounts/sessions.ts";
import { createSignIn } from "./accounts/sign-in.ts";
import { createUsers } from "./accounts/users.ts";
import { createDelivery, type DeliveryLimits } from "./delivery/deliver.ts";
import { createFindRecipient } from "./gifts/find-recipient.ts";
import { createGiftGate } from "./gifts/gift-gate.ts";
import { startGifts } from "./gifts/start-gifts.ts";
import { createAuthenticate } from "./http/authenticate.ts";
import { clientAddress } from "./http/client-address.ts";
import { createApp } from "./http/create-app.ts";
import { refuseOtherMethods } from "./http/method-not-allowed.ts";
import { metricsRoute } from "./http/metrics-route.ts";
import { registerOpenApi } from "./http/openapi.ts";
import { DEFAULT_RATE_LIMITS, type RateLimits, registerRateLimits } from "./http/rate-limits.ts";
import { createEncoderAddresses } from "./keys/encoder-addresses.ts";
import { createProjection } from "./keys/project.ts";
import { streamKeyRoutes } from "./keys/routes.ts";
import { createStreamKeys } from "./keys/stream-keys.ts";
import { createProgramView } from "./live/program-view.ts";
import { shareViewers } from "./live/share-viewers.ts";
import { createViewers } from "./live/viewers.ts";
import { recordedIn } from "./moderation/audit/recorded.ts";
import { openModeration, registerModeration } from "./moderation/create-moderation.ts";
import { registerPages } from "./pages/static-pages.ts";
import { historyRoutes } from "./room/archive/history-routes.ts";
import { startRetention } from "./room/archive/retention.ts";
import { retentionRoutes } from "./room/archive/retention-routes.ts";
import { createRoomParts, type RoomFaults, type RoomParts } from "./room/create-room-parts.ts";
import type { GatewayLimits } from "./room/gateway/gateway-parts.ts";
import { revoking } from "./room/people/revoking-sessions.ts";
import { serveRooms } from "./room/serve-rooms.ts";
import { createHostAccess } from "./rooms/access.ts";
import { hostRoutes } from "./rooms/host-routes.ts";
import { createRoomAnswers } from "./rooms/room-answers.ts";
import { createRooms, type Rooms } from "./rooms/rooms.ts";
import { roomRoutes } from "./rooms/routes.ts";
import { connectionTestRoutes } from "./stage/connection-test-routes.ts";
import { layoutRoutes } from "./stage/layout-routes.ts";
import { startStageLog } from "./stage/log-stage.ts";
import { openStageRoutes } from "./stage/open-stage-routes.ts";
import { signallingRoutes } from "./stage/signalling-routes.ts";
import { createStageCommands } from "./stage/stage-commands.ts";
import { createFindStageNode } from "./stage/stage-nodes.ts";
import { createWhepCommands } from "./stage/whep-commands.ts";
import { whepRoutes } from "./stage/whep-routes.ts";
import { whipRoutes } from "./stage/whip-routes.ts";
import { openDatabase } from "./storage/database.ts";
import { migrate } from "./storage/migrate.ts";
import { viewingRoutes } from "./viewing/routes.ts";
import { seedRemovals } from "./viewing/seed-removals.ts";
import { createViewing } from "./viewing/viewing.ts";

/** A running edge. */
export interface Edge {
  /** Where it listens, e.g. http://127.0.0.1:8080 */
  readonly url: string;
  /** Password of the first account if it was made at this start. */
  readonly generatedPassword: string | undefined;
  readonly rooms: Rooms;
  /** Room logs of this process. */
  readonly room: RoomParts;
  /** Answers who waits, closes everything, leaves nothing open. */
  stop(): Promise<void>;
}

/** What tests and other compositions may set differently. */
export interface EdgeOptions {
  readonly clock?: Clock;
  /** Directory of the player's build. */
  readonly pagesDirectory?: string;
  readonly rateLimits?: Partial<RateLimits>;
  readonly deliveryLimits?: DeliveryLimits;
  /** Faults between the parts of rooms, for torture runs. */
  readonly roomFaults?: RoomFaults;
  readonly roomLimits?: Partial<GatewayLimits>;
}

const PAGES_DIRECTORY = fileURLToPath(new URL("../../player/dist", import.meta.url));
const SWEEP_EVERY_MS = 3_600_000;
/** Connections that may wait to be accepted: when thousands come back at once, none is dropped to try again. */
const LISTEN_BACKLOG = 8_192;

/** Starts an edge: database, Redis views, delivery, API and pages on one public port. */
export async function createEdge(
  { settings, logger, metrics }: Pick<ProcessContext, "settings" | "logger" | "metrics">,
  options: EdgeOptions = {},
): Promise<Edge> {
  const { clock = systemClock, pagesDirectory = PAGES_DIRECTORY } = options;
  const { TRUST_PROXY: trustProxy, PUBLIC_URL: publicUrl, RTMP_PORT: rtmpPort } = settings;

  mkdirSync(settings.DATA_DIR, { recursive: true });
  const database = openDatabase(join(settings.DATA_DIR, "lianmai.sqlite"));
  const applied = migrate(database);
  if (applied.length > 0) logger.info({ versions: applied }, "schema migrated");
  const users = createUsers(database, { clock });
  const sessions = createSessions(database, { clock });
  const rooms = createRooms(database, { clock });
  const streamKeys = createStreamKeys(database, { clock });
  const passwords = createPasswords();
  const wanted = settings.ADMIN_PASSWORD;
  const firstAccount = ensureFirstAccount({ users, sessions, passwords }, { wanted });

  const redisUrl = settings.REDIS_URL || `redis://127.0.0.1:${settings.REDIS_PORT}`;
  const redis = connectRedis(redisUrl, { logger, role: "commands" });
  const subscriber = connectRedis(redisUrl, { logger, role: "subscriber" });
  const moderation = openModeration({ dataDir: settings.DATA_DIR, redis, subscriber, clock });
  const room = createRoomParts({
    ...{ dataDir: settings.DATA_DIR, redisUrl, clock, logger, metrics, hooks: moderation.hooks },
    ...(options.roomFaults && { faults: options.roomFaults }),
  });
  const startingGifts = startGifts({ settings, logger, metrics, clock, log: room.log });
  // threads open their files, and the password is hashed, while the routes are made
  const prepared = Promise.all([firstAccount, startingGifts, room.archive.opened]);
  prepared.catch(() => undefined);
  const programs = createProgramView({ redis, subscriber, clock, logger });
  const projection = createProjection({ redis, rooms, streamKeys, clock, logger });
  const viewers = createViewers();
  const roomAnswers = createRoomAnswers({ clock });
  programs.onChange(roomAnswers.forget);
  const totals = shareViewers({
    redis,
    viewers,
    clock,
    nodeId: randomUUID(),
    rooms: () => programs.allOnAir().map(({ room }) => room),
  });

  const addressOf = clientAddress({ trustProxy });
  const whep = createWhepCommands(redis);
  const viewing = createViewing({
    ...{ redis, subscriber, clock, logger, addressOf, dataDir: settings.DATA_DIR },
    seed: () => seedRemovals({ rooms, log: room.log }),
    onRemoval: whep.removed,
  });
  const delivery = createDelivery({
    program: programs.get,
    removedUntil: viewing.removedUntil,
    viewers,
    clock,
    metrics,
    logger,
    addressOf,
    ...(options.deliveryLimits && { limits: options.deliveryLimits }),
  });
  const ops = startOpsRoutes({ metrics, readiness });
  const app = await createApp({
    logger,
    metrics,
    trustProxy,
    https: publicUrl.startsWith("https:"),
    live: delivery.handle,
    onStuck: delivery.stuck,
    first: (request, response) => isOpsPath(request.url) && ops(request, response),
  });
  const otherMethods = refuseOtherMethods(app);
  const authenticate = createAuthenticate(app, { sessions, publicUrl });
  const limits = await registerRateLimits(app, {
    limits: { ...DEFAULT_RATE_LIMITS, ...options.rateLimits },
    authenticate,
  });
  await registerOpenApi(app, { version: "0.1.0" });
  const failures = metrics.counter(
    "lianmai_edge_sign_in_failures_total",
    "Sign-ins refused for a wrong name or password.",
  );
  const roomService = await serveRooms({
    isFitName: moderation.isFitName,
    facts: async (roomId, userId) => moderation.people.facts(userId, roomId),
    onToken: ({ headers, ip }, userId) => viewing.joined(userId, headers.cookie, ip),
    ...{ app, room, rooms, authenticate, addressOf, publicUrl, metrics, clock, logger },
    routeLimits: limits,
    limits: { connectsPerMinute: settings.ROOM_CONNECTS_PER_MINUTE, ...options.roomLimits },
  });
  const revokingSessions = revoking(sessions, roomService.versions);
  const signIn = createSignIn({
    ...{ users, sessions: revokingSessions, passwords, clock, isFitName: moderation.isFitName },
    onFailure: () => failures.inc(),
  });
  accountRoutes(app, { signIn, sessions: revokingSessions, authenticate, limits });
  const roomParts = { rooms, programs, viewersOf: totals.total, roomAnswers, projection, authenticate, limits };
  const hostAccess = createHostAccess({ rooms, authenticate });
  roomRoutes(app, roomParts);
  const retention = startRetention({
    ...{ database: room.database, archive: room.archive, archiver: room.archiver, rooms, clock, logger },
    defaultDays: settings.CHAT_DAYS,
  });
  retentionRoutes(app, { retention, hostAccess, recorded: recordedIn(moderation.audit), limits });
  historyRoutes(app, { archive: room.archive, log: room.log, rooms, authenticate, hostAccess });
  hostRoutes(app, { ...roomParts, streamKeys, redis, hostAccess, whep });
  openStageRoutes(app, { redis, rooms });
  layoutRoutes(app, { redis, projection, hostAccess, limits, log: room.log });
  const encoderAddresses = createEncoderAddresses({ publicUrl, rtmpPort });
  streamKeyRoutes(app, { streamKeys, projection, hostAccess, limits, encoderAddresses });
  const [generatedPassword, gifts] = await prepared;
  gifts.register(app, {
    gate: createGiftGate({ log: room.log, filters: moderation.filters, clock }),
    findRecipient: createFindRecipient({ redis, users }),
    rooms,
    users,
    programs,
    authenticate,
    hostAccess,
    limits,
    recorded: recordedIn(moderation.audit),
  });
  viewingRoutes(app, { viewing, authenticate, rooms, limits, https: publicUrl.startsWith("https:") });
  const { acts, roles } = registerModeration(app, moderation, {
    ...{ log: room.log, rooms, users, authenticate, limits, projection, viewing, clock, logger },
    stage: createStageCommands(redis),
  });
  const stageParts = { rooms, authenticate, limits, findNode: createFindStageNode(redis) };
  whipRoutes(app, stageParts);
  whepRoutes(app, { ...stageParts, roles, log: room.log, viewing, redis, clock });
  connectionTestRoutes(app, stageParts);
  signallingRoutes(app, { ...stageParts, roles, log: room.log, acts, users, clock });
  const stageLog = startStageLog({ redis, subscriber, log: room.log, rooms, logger });
  metricsRoute(app, { metrics, authenticate });
  otherMethods.complete();
  await registerPages(app, { directory: resolve(pagesDirectory) });
  metrics.gauge("lianmai_edge_viewers", "Viewers at this edge, all rooms.", [], (gauge) => gauge.set(totals.here()));
  metrics.gauge("lianmai_edge_redis_connected", "1 while Redis is connected.", [], (gauge) =>
    gauge.set(Number(redis.status === "ready")),
  );
  const sweeper = setInterval(() => void sessions.sweep(), SWEEP_EVERY_MS).unref();

  function readiness() {
    const writable = database.writable();
    const reasons = [
      ...(writable ? [] : ["the database cannot be written"]),
      ...(redis.status === "ready" ? [] : ["redis is away: what is on air is the last known"]),
      ...(programs.known() ? [] : ["programs have not been read yet"]),
    ];
    // without Redis an edge still serves what it knows; one that never knew anything serves nobody
    return { ready: writable && programs.known(), reasons };
  }
  const stop = async () => {
    clearInterval(sweeper);
    retention.stop();
    delivery.stop();
    await roomService.stop();
    await app.close();
    await stageLog.stop();
    await gifts.stop();
    projection.stop();
    await totals.stop();
    await programs.stop();
    viewing.stop();
    await room.stop();
    moderation.stop();
    redis.disconnect();
    subscriber.disconnect();
    database.close();
  };
  try {
    await app.listen({ host: settings.HTTP_HOST, port: settings.HTTP_PORT, backlog: LISTEN_BACKLOG });
  } catch (error) {
    await stop();
    throw error;
  }
  const { address, port } = app.server.address() as AddressInfo;
  const url = `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
  logger.info({ url }, "edge listens");
  return { url, generatedPassword, rooms, room, stop };
}

const isOpsPath = (url: string | undefined): boolean => url === "/healthz" || url === "/readyz";
