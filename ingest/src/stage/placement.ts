import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger, Redis } from "@lianmai/process";
import { STAGE_NODES_REDIS_KEY, type StageNode, stageNodeRedisKey, stagePlaceRedisKey } from "../stage-contract.ts";

/** A node's record and its rooms' leases die this long after their last renewal. */
export const NODE_TTL_MS = 10_000;
export const PLACE_TTL_MS = 15_000;
const RENEW_EVERY_MS = 3_000;
/** A Redis that does not answer must not keep the process from stopping. */
const DRAIN_BUDGET_MS = 500;

const TAKE = readFileSync(new URL("./take-place.lua", import.meta.url), "utf8");
const RELEASE = readFileSync(new URL("./release-place.lua", import.meta.url), "utf8");

/** This process as a stage node: its record in Redis, and the rooms it holds by lease. */
export class Placement {
  readonly nodeId: string;
  /** What edges must send to be answered. */
  readonly token = randomBytes(24).toString("base64url");
  readonly #redis: Redis;
  readonly #logger: Logger;
  readonly #url: () => string;
  readonly #packetsPerSecond: () => number;
  readonly #rooms: () => ReadonlySet<string>;
  readonly #onLost: (room: string) => void;
  readonly #nowMs: () => number;
  /** Rooms whose leases may be this node's, by when they were last taken. */
  readonly #held = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #draining = false;

  constructor(options: {
    readonly nodeId: string;
    readonly redis: Redis;
    readonly logger: Logger;
    readonly url: () => string;
    readonly packetsPerSecond: () => number;
    /** Rooms with connections here: their leases are renewed. */
    readonly rooms: () => ReadonlySet<string>;
    /** Another node holds the room now. */
    readonly onLost: (room: string) => void;
    readonly nowMs: () => number;
  }) {
    this.nodeId = options.nodeId;
    this.#redis = options.redis;
    this.#logger = options.logger;
    this.#url = options.url;
    this.#packetsPerSecond = options.packetsPerSecond;
    this.#rooms = options.rooms;
    this.#onLost = options.onLost;
    this.#nowMs = options.nowMs;
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.renew(), RENEW_EVERY_MS);
    await this.renew();
  }

  /** Takes or keeps a room's lease: true when this node holds it; never once it drains. Rejects when Redis is away. */
  async take(room: string): Promise<boolean> {
    if (this.#draining) return false;
    this.#held.set(room, this.#nowMs());
    const answer = await this.#redis.eval(TAKE, 1, stagePlaceRedisKey(room), this.nodeId, PLACE_TTL_MS);
    if (answer !== 1) this.#held.delete(room);
    return answer === 1;
  }

  /** Writes the node's record and renews its leases. Never rejects: while Redis is away the rooms go on. */
  async renew(): Promise<void> {
    if (this.#draining) return;
    try {
      await this.#tell();
      for (const [room, atMs] of this.#held) if (this.#nowMs() - atMs > PLACE_TTL_MS) this.#held.delete(room);
      for (const room of this.#rooms()) if (!(await this.take(room)) && !this.#draining) this.#onLost(room);
    } catch (error) {
      this.#logger.debug({ reason: String(error) }, "node record waits for redis");
    }
  }

  /**
   * The node is about to stop: it says so, takes no more rooms, and gives up those it holds, so that another takes them
   * with the first browser that comes back. Called before the browsers are sent away. Never rejects.
   */
  async drain(): Promise<void> {
    this.#draining = true;
    clearInterval(this.#timer);
    const release = (room: string) => this.#redis.eval(RELEASE, 1, stagePlaceRedisKey(room), this.nodeId);
    // A place that could not be given up runs out.
    const told = Promise.allSettled([this.#tell(), ...[...this.#held.keys()].map(release)]);
    await Promise.race([told, delay(DRAIN_BUDGET_MS, undefined, { ref: false })]);
    this.#held.clear();
  }

  async stop(): Promise<void> {
    if (!this.#draining) await this.drain();
    await this.#redis
      .multi()
      .del(stageNodeRedisKey(this.nodeId))
      .srem(STAGE_NODES_REDIS_KEY, this.nodeId)
      .exec()
      .catch(() => {});
  }

  async #tell(): Promise<void> {
    const node: StageNode = {
      nodeId: this.nodeId,
      url: this.#url(),
      token: this.token,
      packetsPerSecond: this.#packetsPerSecond(),
      draining: this.#draining,
    };
    await this.#redis
      .multi()
      .set(stageNodeRedisKey(this.nodeId), JSON.stringify(node), "PX", NODE_TTL_MS)
      .sadd(STAGE_NODES_REDIS_KEY, this.nodeId)
      .exec();
  }
}
