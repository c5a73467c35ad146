import type { Clock, Metrics } from "@lianmai/process";
import type { Entry, ModerationAct } from "../../protocol/room/entry.ts";
import { HEARTBEAT_MS, HELLO_DEADLINE_MS } from "../../protocol/room/limits.ts";
import { entryOf } from "../log/kept-entry.ts";
import type { FeedNews } from "../log/room-feed.ts";
import type { RoomFeeds } from "../log/room-feeds.ts";
import type { Access } from "../people/room-access.ts";
import { catchUp } from "./catch-up.ts";
import { Connection } from "./connection.ts";
import { createGatewayMetrics } from "./gateway-metrics.ts";
import type { GatewayLimits, GatewayParts } from "./gateway-parts.ts";
import { LITE_ABOVE_BYTES, type Member } from "./member.ts";
import { outFrame } from "./out-frame.ts";
import type { Outlet } from "./outlet.ts";
import { RoomHub } from "./room-hub.ts";
import { TokenBucket } from "./token-bucket.ts";

const TICK_MS = 250;
const SWEEP_MS = 2_000;
/** A client that has said nothing for this long is gone. */
const SILENT_MS = 60_000;
/** Addresses whose connects are counted; beyond it the oldest are forgotten. */
const MAX_ADDRESSES = 50_000;
/** Clients come back within this after a drain: 200 each second, at most half a minute. */
const RECONNECTS_PER_SECOND = 200;
const MAX_DRAIN_SPREAD_MS = 30_000;

/** All room connections of this process. */
export interface Gateway {
  /** Whether this address may connect now: 0, or how long to wait; undefined when this edge is full. */
  admit(address: string): number | undefined;
  open(outlet: Outlet, by: "websocket" | "events"): Connection;
  ended(connection: Connection): void;
  /** A connection by its id; for frames that come by POST. */
  find(sid: string): Connection | undefined;
  /** People in each room at this edge, by room id; who has it open twice counts once. */
  people(): ReadonlyMap<string, number>;
  /** Closes the connections of a person whose tokens were revoked. */
  revoked(userId: string): void;
  /** Tells everybody when to come back, then closes. */
  stop(): void;
}

/** Makes the {@link Gateway}. */
export function createGateway(
  given: Omit<GatewayParts, "hubOf" | "metrics" | "rates"> & {
    readonly limits: GatewayLimits;
    readonly feeds: RoomFeeds;
    readonly metrics: Metrics;
    readonly clock: Clock;
  },
): Gateway {
  const { feeds, clock, limits, plane } = given;
  const connections = new Map<string, Connection>();
  const hubs = new Map<string, Promise<RoomHub>>();
  const running = new Map<string, RoomHub>();
  const addresses = new Map<string, TokenBucket>();
  const laggingNow = () => [...running.values()].reduce((sum, hub) => sum + hub.lagging.size, 0);
  const metrics = createGatewayMetrics(given.metrics, { connections: () => connections.size, lagging: laggingNow });

  const openHub = async ({ roomId, slug }: Access): Promise<RoomHub> => {
    const feed = await feeds.get(roomId);
    const hub = new RoomHub(slug, feed, { now: clock.monotonicMs, onActs: applyActs, onBatch: metrics.batch });
    running.set(roomId, hub);
    return hub;
  };
  const hubOf = (access: Access): Promise<RoomHub> => {
    const found = hubs.get(access.roomId);
    if (found !== undefined) return found;
    const opening = openHub(access);
    hubs.set(access.roomId, opening);
    opening.catch(() => hubs.delete(access.roomId));
    return opening;
  };
  const rates = {
    frames: { perSecond: limits.framesPerSecond, burst: limits.frameBurst },
    pubs: { perSecond: limits.pubsPerSecond, burst: limits.pubBurst },
  };
  const connects = { perSecond: limits.connectsPerMinute / 60, burst: limits.connectsPerMinute / 2 };
  const parts: GatewayParts = { ...given, metrics, hubOf, rates };
  plane.onUpdate((roomId, update) => running.get(roomId)?.noteState(update));

  const tick = setInterval(() => {
    const nowMs = performance.now();
    for (const hub of running.values()) {
      hub.beat(HEARTBEAT_MS);
      hub.sendState((member: Member) => member.outlet.buffered > LITE_ABOVE_BYTES);
      if (hub.lagging.size > 0) void catchUp(hub, nowMs);
    }
  }, TICK_MS).unref();
  const sweep = setInterval(() => {
    for (const connection of connections.values()) closeIfOver(connection, clock);
    for (const [roomId, hub] of running) {
      if (hub.size > 0) continue;
      hub.close();
      running.delete(roomId);
      hubs.delete(roomId);
    }
    for (const [address, bucket] of addresses) if (bucket.isFull(clock.monotonicMs())) addresses.delete(address);
  }, SWEEP_MS).unref();
  return {
    admit(address) {
      if (connections.size >= limits.maxConnections) return undefined;
      const nowMs = clock.monotonicMs();
      const bucket = addresses.get(address) ?? new TokenBucket(connects, nowMs);
      if (addresses.size >= MAX_ADDRESSES && !addresses.has(address)) addresses.delete(first(addresses) ?? "");
      addresses.set(address, bucket);
      return bucket.take(nowMs);
    },
    open(outlet, by) {
      const connection = new Connection(outlet, parts);
      connections.set(connection.sid, connection);
      metrics.connected(by);
      return connection;
    },
    ended(connection) {
      connections.delete(connection.sid);
      connection.ended();
    },
    find: (sid) => connections.get(sid),
    people: () => new Map([...running].map(([roomId, hub]) => [roomId, hub.people])),
    revoked(userId) {
      for (const connection of connections.values()) if (connection.userId === userId) connection.close(4003);
    },
    stop() {
      clearInterval(tick);
      clearInterval(sweep);
      const spreadMs = Math.min(MAX_DRAIN_SPREAD_MS, (connections.size / RECONNECTS_PER_SECOND) * 1_000);
      for (const connection of connections.values()) {
        connection.outlet.send(outFrame({ t: "ctl", ctl: "drain", afterMs: Math.round(Math.random() * spreadMs) }));
        connection.close(1001);
      }
      for (const hub of running.values()) hub.close();
    },
  };
}

const first = (map: ReadonlyMap<string, unknown>): string | undefined => map.keys().next().value;

function closeIfOver(connection: Connection, clock: Clock): void {
  const nowMs = clock.monotonicMs();
  const isLate = !connection.hasSaidHello && nowMs - connection.openedMs > HELLO_DEADLINE_MS;
  if (isLate) connection.close(4001);
  else if ((connection.tokenUntilMs ?? Number.POSITIVE_INFINITY) < clock.wallMs()) connection.close(4003);
  else if (nowMs - connection.heardMs > SILENT_MS) connection.close(4011);
}

/** Lets acts about people who are here take effect: out of the room, or what they may do is read anew. */
function applyActs(hub: RoomHub, { entries }: FeedNews): void {
  for (const kept of entries) {
    if (kept.kind !== "act") continue;
    const act = (entryOf(kept) as Extract<Entry, { kind: "act" }>).body;
    if (!("user" in act)) continue;
    for (const member of [...hub.members()]) if (member.access.you.id === act.user) applyAct(member, act);
  }
}

function applyAct(member: Member, act: ModerationAct): void {
  if (act.act === "kick") member.owner.removed(member, "kicked", act.untilMs);
  else if (act.act === "ban") member.owner.removed(member, "banned", act.untilMs);
  else member.owner.changed(member);
}
