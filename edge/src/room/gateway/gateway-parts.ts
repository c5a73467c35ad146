import type { Clock, Logger } from "@lianmai/process";
import type { Archive } from "../archive/archive.ts";
import type { StatePlane } from "../log/state-plane.ts";
import type { Access, Facts, RoomAccess } from "../people/room-access.ts";
import type { Tokens } from "../people/tokens.ts";
import type { Versions } from "../people/versions.ts";
import type { RoomLog } from "../room-log.ts";
import type { GatewayMetrics } from "./gateway-metrics.ts";
import type { RoomHub } from "./room-hub.ts";
import type { Rate } from "./token-bucket.ts";

/** Bounds of what one connection or address may do. */
export interface GatewayLimits {
  /** Frames of one connection. */
  readonly framesPerSecond: number;
  readonly frameBurst: number;
  /** Publications of one connection; those of moderators count a fifth. */
  readonly pubsPerSecond: number;
  readonly pubBurst: number;
  /** New connections of one address. */
  readonly connectsPerMinute: number;
  readonly maxConnections: number;
}

/** Bounds of an edge nobody has configured. */
export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  framesPerSecond: 20,
  frameBurst: 80,
  pubsPerSecond: 3,
  pubBurst: 10,
  connectsPerMinute: 600,
  maxConnections: 20_000,
};

/** What connections work with. */
export interface GatewayParts {
  readonly log: RoomLog;
  readonly archive: Archive;
  readonly plane: StatePlane;
  readonly tokens: Tokens;
  readonly versions: Versions;
  readonly access: RoomAccess;
  readonly facts: Facts;
  /** The hub of a room; rejects with RoomAway. */
  readonly hubOf: (access: Access) => Promise<RoomHub>;
  /** Of one connection's frames and publications. */
  readonly rates: { readonly frames: Rate; readonly pubs: Rate };
  readonly metrics: GatewayMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}
