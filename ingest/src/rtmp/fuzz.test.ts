import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Random, randomFrom } from "@lianmai/process/testing/seeded-random";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publicationRedisKey } from "../contract.ts";
import { attackRtmp, rtmpAttacks } from "../testing/attacks.ts";
import { publishWithFfmpeg } from "../testing/ffmpeg.ts";
import { startIngestProcess, type TestIngestProcess } from "../testing/ingest.ts";
import { continuity, readSource } from "../testing/read-source.ts";
import { eventually, startTestRedis, type TestRedis } from "../testing/redis.ts";

/** Hostile connections while a real publisher is live; the full run is LIANMAI_FUZZ_CONNECTIONS=10000. */
const CONNECTIONS = Number(process.env.LIANMAI_FUZZ_CONNECTIONS ?? 400);
const SEED = Number(process.env.LIANMAI_FUZZ_SEED ?? 20_261_123);
const AT_ONCE = 16;
const ATTACKS = Object.values(rtmpAttacks({ show: "show", evil: "evil" }));
const MIB = 1024 * 1024;

let redis: TestRedis;
let ingest: TestIngestProcess;
let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "ingest-fuzz-"));
  redis = await startTestRedis();
  ingest = await startIngestProcess(redis.url, { dataDir });
}, 30_000);
afterAll(async () => {
  await ingest.stop();
  await redis.stop();
  await rm(dataDir, { recursive: true, force: true });
}, 30_000);

/** Memory after a collection: what is held, and what the system gives the process for it. */
async function memory(): Promise<{ readonly heldBytes: number; readonly residentBytes: number }> {
  ingest.child.kill("SIGUSR2");
  await sleep(300);
  const metrics = await ingest.metrics();
  const value = (name: string) => Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, "m").exec(metrics)?.[1]);
  return {
    heldBytes: value("nodejs_heap_size_used_bytes") + value("nodejs_external_memory_bytes"),
    residentBytes: value("process_resident_memory_bytes"),
  };
}

async function run(count: number, random: Random): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < count) {
        const attack = ATTACKS[next % ATTACKS.length]!;
        next += 1;
        await attackRtmp(attack, { port: ingest.rtmpPort, random });
      }
    }),
  );
}

test(
  `${CONNECTIONS} hostile connections (seed ${SEED}) leave a live show without a gap, and memory where it was`,
  async () => {
    await redis.grant("show", { room: "show" });
    await redis.grant("evil", { room: "evil", takeover: "newest" });
    const publisher = publishWithFfmpeg(ingest.url("show"), { seconds: 3_600 });
    const record = await eventually(async () => await redis.client.get(publicationRedisKey("show")));
    const { sessionId, sourceUrl } = JSON.parse(record);
    const reading = await readSource(sourceUrl);
    const random = randomFrom(SEED);
    // The first round fills caches and pools; what the rest adds is what counts.
    await run(ATTACKS.length * 2, random);
    const before = await memory();
    await run(CONNECTIONS, random);
    await eventually(async () => /lianmai_ingest_connections\{[^}]*\} 1$/m.test(await ingest.metrics()), 20_000);
    const after = await memory();

    expect(ingest.child.exitCode).toBeNull();
    expect(publisher.child.exitCode).toBeNull();
    expect(JSON.parse((await redis.client.get(publicationRedisKey("show"))) ?? "{}").sessionId).toBe(sessionId);
    const seenMs = reading.tags.at(-1)?.timestampMs ?? 0;
    await eventually(() => (reading.tags.at(-1)?.timestampMs ?? 0) > seenMs + 500);
    expect(continuity(reading.tags, "video")).toEqual({ largestStepMs: 34, backwards: 0 });
    expect(continuity(reading.tags, "audio").largestStepMs).toBeLessThanOrEqual(22);
    // Nothing foreign was injected: every video frame is one of the encoder's.
    expect(reading.tags.some((tag) => tag.type === "video" && tag.data.subarray(5).every((byte) => byte === 9))).toBe(
      false,
    );
    expect(after.heldBytes - before.heldBytes).toBeLessThan(8 * MIB);
    // The engine keeps the room its young objects needed: looser, but no growth without end.
    expect(after.residentBytes - before.residentBytes).toBeLessThan(96 * MIB);
    const violations = (await ingest.metrics()).match(/lianmai_ingest_violations_total\{[^}]*reason="([^"]+)"/g) ?? [];
    expect(violations.length).toBeGreaterThanOrEqual(10);
    reading.stop();
    await publisher.kill();
  },
  60_000 + CONNECTIONS * 100,
);
