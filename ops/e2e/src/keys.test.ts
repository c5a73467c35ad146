import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "./browser.ts";
import { type Publisher, type PublisherOptions, publish } from "./publisher.ts";
import { type Stack, startStack } from "./stack.ts";

interface RoomView {
  readonly live: null | { readonly at: string; readonly programId: string };
}
interface NewKey {
  readonly key: string;
  readonly streamKey: { readonly id: string };
}

let stack: Stack;
const running: Publisher[] = [];

beforeAll(async () => {
  stack = await startStack();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((publisher) => publisher.kill()));
});
afterAll(async () => {
  await stack?.stop();
});

function start(key: string, options: Partial<PublisherOptions> = {}): Publisher {
  const publisher = publish({ url: `${stack.rtmpUrl}/${key}`, size: "320x180", bitsPerSecond: 400_000, ...options });
  running.push(publisher);
  return publisher;
}
const room = (slug: string) => stack.api<RoomView>("GET", `/api/v1/rooms/${slug}`);
const newKey = (slug: string) => stack.api<NewKey>("POST", `/api/v1/rooms/${slug}/stream-keys`, { label: "more" });
const live = (slug: string) =>
  until(
    "live",
    () => room(slug),
    (view) => view.live?.at === "live",
    { budgetMs: 30_000 },
  );

describe("stream keys", { timeout: 60_000 }, () => {
  it("refuses a key that is not one, and the encoder is told", async () => {
    const publisher = start("lm_00000000000000000000000000000000");
    expect(await publisher.exited).not.toBe(0);
    expect(publisher.output()).toMatch(/NetStream\.Publish|error|denied|refused/i);
  });

  it("keeps the show when its key is rotated, and refuses the old key from then on", async () => {
    await stack.room("rotated", { takeover: "newest" });
    const first = await newKey("rotated");
    const publisher = start(first.key);
    const before = await live("rotated");
    const next = await stack.api<NewKey>("POST", `/api/v1/rooms/rotated/stream-keys/${first.streamKey.id}/rotate`);
    expect(next.key).not.toBe(first.key);
    const late = start(first.key);
    expect(await late.exited).not.toBe(0);
    expect(publisher.process.exitCode).toBeNull();
    expect((await room("rotated")).live).toMatchObject({ at: "live", programId: before.live?.programId });
  });

  it("ends the session of a revoked key within about a second, and refuses it from then on", async () => {
    await stack.room("revoked");
    const { key, streamKey } = await newKey("revoked");
    const publisher = start(key);
    await live("revoked");
    const revokedAtMs = Date.now();
    await stack.api("DELETE", `/api/v1/rooms/revoked/stream-keys/${streamKey.id}`);
    await publisher.exited;
    // Generous: the machine may be busy. The bound that matters is that it does not wait for a poll of minutes.
    expect(Date.now() - revokedAtMs).toBeLessThan(5_000);
    expect(await start(key).exited).not.toBe(0);
  });

  it("refuses a second publisher where the room says so", async () => {
    const { key } = await stack.room("refusing", { takeover: "refuse" });
    const first = start(key);
    await live("refusing");
    expect(await start(key).exited).not.toBe(0);
    expect(first.process.exitCode).toBeNull();
  });

  it("lets the newest publisher take over where the room says so, in the same program", async () => {
    const { key } = await stack.room("newest", { takeover: "newest" });
    const first = start(key);
    const before = await live("newest");
    const second = start(key, { size: "640x360" });
    await first.exited;
    const after = await live("newest");
    expect(after.live?.programId).toBe(before.live?.programId);
    expect(second.process.exitCode).toBeNull();
  });
});
