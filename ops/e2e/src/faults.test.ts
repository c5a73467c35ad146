import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBrowser, until, videoState } from "./browser.ts";
import { clockAgeMs, samplerSource } from "./clock.ts";
import { type Publisher, publish } from "./publisher.ts";
import { type ProcessName, type Stack, startStack } from "./stack.ts";

let stack: Stack;
let browser: Browser;
let page: Page;
let publishing = true;
let publisher: Publisher;

/** An encoder that reconnects after a second, as OBS does. */
async function keepPublishing(url: string): Promise<void> {
  while (publishing) {
    publisher = publish({ url, size: "640x360", bitsPerSecond: 1_000_000 });
    await publisher.exited;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

beforeAll(async () => {
  stack = await startStack();
  browser = await startBrowser();
  const { key } = await stack.room("faults");
  void keepPublishing(`${stack.rtmpUrl}/${key}`);
  await until(
    "the room goes live",
    () => stack.api<{ live: { at: string } | null }>("GET", "/api/v1/rooms/faults"),
    ({ live }) => live?.at === "live",
    { budgetMs: 30_000 },
  );
  page = await browser.newPage();
  await page.goto(`${stack.url}/r/faults`);
  await until(
    "the picture",
    () => videoState(page),
    (video) => (video?.currentTime ?? 0) > 2,
  );
  await page.evaluate(`window.__notReloaded = true; (${samplerSource})(document.querySelector("video"))`);
});

afterAll(async () => {
  publishing = false;
  await publisher?.kill();
  await browser?.close();
  await stack?.stop();
});

/** A picture drawn by the publisher after `afterMs`, on the page's screen. */
async function freshPicture(afterMs: number): Promise<boolean> {
  const samples = await page.evaluate<[number, number, boolean[]][]>("(window.__clockSamples ?? []).slice(-5)");
  return samples.some(([at, , bits]) => {
    const ageMs = clockAgeMs(bits, at);
    // A slate or a cross-fade reads as any time at all.
    return ageMs > 0 && ageMs < 20_000 && at - ageMs > afterMs;
  });
}

describe("a process killed while a viewer watches", { timeout: 90_000 }, () => {
  it.each<ProcessName>(["mixer", "encoder", "transcode", "ingest", "edge", "redis"])(
    "%s comes back by itself and so does the picture, without a reload",
    async (name) => {
      const killed = await stack.kill(name);
      expect(killed.length).toBeGreaterThan(0);
      const killedAtMs = Date.now();
      await until(
        `${name} is back`,
        () => stack.pids(name),
        (pids) => pids.length > 0 && !killed.includes(pids[0] ?? 0),
      );
      await until("a picture drawn after the kill", () => freshPicture(killedAtMs + 500), Boolean, {
        budgetMs: 40_000,
      });
      expect(await page.evaluate("window.__notReloaded")).toBe(true);
    },
  );
});
