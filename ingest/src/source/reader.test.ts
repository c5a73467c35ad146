import { Writable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { GOP_MAX_BYTES, GOP_MAX_MS, GopCache, type SourceTag, type SourceTagRole } from "./gop-cache.ts";
import { MAX_READERS, SessionSource } from "./source.ts";

const LIMITS = { queueBytes: 1_000, queueMs: 3_000, stuckMs: 10_000 };
let serial = 0;
const tag = (role: SourceTagRole, timestampMs: number, sizeBytes = 50): SourceTag => {
  serial += 1;
  const bytes = Buffer.alloc(sizeBytes);
  bytes.writeUInt32BE(serial);
  return { role, timestampMs, bytes };
};

/** A body that takes writes only while it is open. */
class Body extends Writable {
  readonly got: Buffer[] = [];
  readonly #waiting: (() => void)[] = [];
  open = true;

  constructor() {
    super({ highWaterMark: 1 });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.got.push(chunk);
    if (this.open) done();
    else this.#waiting.push(done);
  }

  async unblock(): Promise<void> {
    this.open = true;
    for (const done of this.#waiting.splice(0)) done();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function setUp() {
  let nowMs = 0;
  let dropped = 0;
  const source = new SessionSource({
    nowMs: () => nowMs,
    onDropped: (tags) => {
      dropped += tags;
    },
    limits: LIMITS,
  });
  return { source, dropped: () => dropped, pass: (ms: number) => (nowMs += ms) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("whatever is pushed and however the body stalls, each reader gets runs that begin with headers and a keyframe", async () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom<SourceTagRole>("frame", "audio") },
    { weight: 2, arbitrary: fc.constantFrom<SourceTagRole>("key") },
    { weight: 1, arbitrary: fc.constantFrom<SourceTagRole>("video-config", "audio-config", "metadata") },
    { weight: 1, arbitrary: fc.constantFrom("close" as const, "open" as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
      const { source } = setUp();
      source.push(tag("video-config", 0));
      const body = new Body();
      expect(source.attach(body)).toBe(true);
      const pushed = new Map<string, { readonly index: number; readonly tag: SourceTag }>();
      let index = 0;
      for (const role of steps) {
        if (role === "close") body.open = false;
        else if (role === "open") await body.unblock();
        else {
          const made = tag(role, index);
          index += 1;
          pushed.set(made.bytes.toString("hex"), { index, tag: made });
          source.push(made);
        }
        await settled();
      }
      await body.unblock();
      await settled();
      let expectedConfig: SourceTag | undefined;
      let last: number | undefined;
      for (const bytes of body.got.slice(1)) {
        const known = pushed.get(bytes.toString("hex"));
        if (!known) continue;
        if (known.tag.role === "video-config") expectedConfig = known.tag;
        if (!["key", "frame", "audio"].includes(known.tag.role)) continue;
        // A hole in the media is always followed by a keyframe.
        const between = [...pushed.values()].filter(
          (entry) =>
            entry.index > (last ?? 0) &&
            entry.index < known.index &&
            ["key", "frame", "audio"].includes(entry.tag.role),
        );
        if (between.length > 0 || last === undefined) expect(known.tag.role).toBe("key");
        last = known.index;
        const configs = [...pushed.values()].filter(
          (entry) => entry.tag.role === "video-config" && entry.index < known.index,
        );
        expect(expectedConfig).toBe(configs.at(-1)?.tag);
      }
    }),
    { numRuns: 200 },
  );
});

test("a stalled body's queue is bounded by bytes and by time; drops are counted", async () => {
  for (const stall of ["bytes", "time"] as const) {
    const { source, dropped, pass } = setUp();
    source.push(tag("video-config", 0));
    source.push(tag("key", 0));
    const body = new Body();
    source.attach(body);
    await settled();
    body.open = false;
    source.push(tag("frame", 10));
    for (let i = 0; i < 10; i += 1) {
      source.push(tag("frame", 20 + i, stall === "bytes" ? 150 : 10));
      if (stall === "time") pass(400);
    }
    expect(dropped()).toBeGreaterThanOrEqual(7);
  }
});

test("a body that takes nothing for too long is destroyed", async () => {
  const { source, pass } = setUp();
  source.push(tag("video-config", 0));
  source.push(tag("key", 0));
  const body = new Body();
  body.open = false;
  source.attach(body);
  source.push(tag("frame", 1));
  pass(LIMITS.stuckMs + 1);
  source.push(tag("frame", 2));
  await settled();
  expect(body.destroyed).toBe(true);
  expect(source.readers).toBe(0);
});

test("readers are capped, and the end of the session ends their bodies after what is queued", async () => {
  const { source } = setUp();
  source.push(tag("video-config", 0));
  source.push(tag("key", 0));
  const bodies = Array.from({ length: MAX_READERS }, () => new Body());
  for (const body of bodies) expect(source.attach(body)).toBe(true);
  expect(source.attach(new Body())).toBe(false);
  bodies[0]!.open = false;
  const last = tag("frame", 5);
  source.push(last);
  source.end();
  await bodies[0]!.unblock();
  await settled();
  for (const body of bodies) {
    expect(body.got.at(-1)).toBe(last.bytes);
    expect(body.writableFinished).toBe(true);
  }
  expect(source.attach(new Body())).toBe(false);
});

test("sound alone needs no keyframe", async () => {
  const { source } = setUp();
  source.push(tag("audio-config", 0));
  const body = new Body();
  source.attach(body);
  source.push(tag("audio", 1));
  await settled();
  expect(body.got).toHaveLength(3);
  expect(body.got[0]?.readUInt8(4)).toBe(4);
});

test("the cache holds from the last keyframe, and forgets a group beyond its bounds whole", () => {
  const cache = new GopCache();
  cache.push(tag("frame", 0));
  expect(cache.tags()).toEqual([]);
  const key = tag("key", 10);
  cache.push(key);
  cache.push(tag("audio", 12));
  expect(cache.tags()).toHaveLength(2);
  cache.push(tag("frame", 11 + GOP_MAX_MS));
  expect(cache.tags()).toEqual([]);
  cache.push(tag("key", 0, GOP_MAX_BYTES));
  expect(cache.tags()).toHaveLength(1);
  cache.push(tag("frame", 1));
  expect(cache.tags()).toEqual([]);
  cache.push(tag("key", 2));
  expect(cache.tags()).toHaveLength(1);
});
