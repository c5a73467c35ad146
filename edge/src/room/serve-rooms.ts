import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Clock, Logger, Metrics } from "@lianmai/process";
import type { FastifyRequest } from "fastify";
import type { Authenticate } from "../http/authenticate.ts";
import type { App } from "../http/create-app.ts";
import type { RouteLimits } from "../http/rate-limits.ts";
import { shareViewers } from "../live/share-viewers.ts";
import type { Rooms } from "../rooms/rooms.ts";
import type { RoomParts } from "./create-room-parts.ts";
import { eventRoutes } from "./gateway/event-routes.ts";
import { createGateway, type Gateway } from "./gateway/gateway.ts";
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from "./gateway/gateway-parts.ts";
import { serveWebSocket } from "./gateway/serve-websocket.ts";
import { createRoomAccess, type Facts } from "./people/room-access.ts";
import { tenantRoutes } from "./people/tenant-routes.ts";
import { createTenants } from "./people/tenants.ts";
import { tokenRoutes } from "./people/token-routes.ts";
import { createTokens } from "./people/tokens.ts";
import { createVersions, type Versions } from "./people/versions.ts";

/** What an edge serves of rooms. */
export interface RoomService {
  readonly gateway: Gateway;
  readonly versions: Versions;
  stop(): Promise<void>;
}

/** Nobody follows or is a member yet: modes that ask for it let nobody below moderator talk. */
const NO_FACTS: Facts = async () => ({ isMember: false, followsSinceMs: null, isKnown: false });

/** Puts rooms on an edge: tokens, WebSocket, events and their routes. */
export async function serveRooms(parts: {
  readonly app: App;
  readonly room: RoomParts;
  readonly rooms: Pick<Rooms, "bySlug">;
  readonly authenticate: Authenticate;
  readonly routeLimits: RouteLimits;
  readonly limits?: Partial<GatewayLimits>;
  readonly facts?: Facts;
  /** Whether the words of a guest's name may be said here. */
  readonly isFitName?: (name: string) => boolean;
  /** Somebody has got a token: which browser, which address, whose id. */
  readonly onToken?: (request: FastifyRequest, userId: string) => Promise<void>;
  readonly addressOf: (request: IncomingMessage) => string;
  readonly publicUrl: string;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<RoomService> {
  const {
    app,
    room,
    rooms,
    authenticate,
    routeLimits,
    facts = NO_FACTS,
    isFitName = () => true,
    onToken,
    addressOf,
    publicUrl,
    metrics,
    clock,
    logger,
  } = parts;
  const { database, redis, log, archive, plane, feeds } = room;
  const tokens = await createTokens({ database, clock });
  const tenants = createTenants({ database, clock });
  const versions = createVersions({ database, redis, clock, logger });
  const gateway = createGateway({
    ...{ log, archive, plane, feeds, tokens, versions, metrics, clock, logger },
    facts,
    access: createRoomAccess({ rooms, log, facts, clock }),
    limits: { ...DEFAULT_GATEWAY_LIMITS, ...parts.limits },
  });
  const presence = shareViewers({
    ...{ redis, clock, nodeId: randomUUID(), prefix: "room:people", rooms: () => [] },
    viewers: { count: gateway.people },
    onChange: (roomId) => plane.set(roomId, "viewers", { count: presence.total(roomId) }),
  });
  tokenRoutes(app, {
    tokens,
    tenants,
    versions,
    authenticate,
    limits: routeLimits,
    isFitName,
    ...(onToken && { onToken }),
  });
  tenantRoutes(app, { tenants, authenticate });
  eventRoutes(app, { gateway });
  const publicOrigin = publicUrl === "" ? "" : new URL(publicUrl).origin;
  const webSocket = serveWebSocket(app.server, { gateway, addressOf, publicOrigin });
  return {
    gateway,
    versions: {
      of: versions.of,
      async raise(userId) {
        await versions.raise(userId);
        gateway.revoked(userId);
      },
    },
    async stop() {
      gateway.stop();
      webSocket.stop();
      await presence.stop();
    },
  };
}
