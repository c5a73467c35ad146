import { spawn } from "node:child_process";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBrowser, until, videoState } from "./browser.ts";
import { clockAgeMs, samplerSource } from "./clock.ts";
import { type Publisher, publish } from "./publisher.ts";
import { probePackets, record, timeBreaks } from "./record.ts";
import { type Stack, startStack } from "./stack.ts";

interface RoomView {
  readonly live: null | {
    readonly at: string;
    readonly viewers: number;
    readonly programId: string;
    readonly renditions: readonly { readonly name: string }[];
  };
}

let stack: Stack;
let browser: Browser;
let page: Page;
let publisher: Publisher;
const errors: string[] = [];

const room = (slug: string) => stack.api<RoomView>("GET", `/api/v1/rooms/${slug}`);
const mediaPlaylist = async (slug: string, rung: string) => {
  const { live } = await room(slug);
  return `${stack.url}/live/${slug}/${live?.programId}/${rung}/media.m3u8`;
};

beforeAll(async () => {
  stack = await startStack();
  browser = await startBrowser();
  const { key } = await stack.room("morning", { graceMs: 30_000 });
  publisher = publish({ url: `${stack.rtmpUrl}/${key}`, size: "640x360", bitsPerSecond: 1_000_000 });
  await until(
    "the room goes live",
    () => room("morning"),
    ({ live }) => live?.at === "live",
    { budgetMs: 30_000 },
  );
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on("pageerror", (error) => errors.push(String(error)));
});

afterAll(async () => {
  await publisher?.kill();
  await browser?.close();
  await stack?.stop();
});

describe("from an encoder to a browser", () => {
  it("plays the program with the clock readable in its pixels", async () => {
    await page.goto(`${stack.url}/r/morning`);
    await until(
      "the picture",
      () => videoState(page),
      (video) => (video?.currentTime ?? 0) > 1 && (video?.width ?? 0) > 0,
    );
    await page.evaluate(`(${samplerSource})(document.querySelector("video"))`);
    const samples = await until(
      "two seconds of frames",
      () => page.evaluate<[number, number, boolean[]][]>("window.__clockSamples"),
      (list) => list.length > 60,
    );
    const ages = samples.slice(-30).map(([at, , bits]) => clockAgeMs(bits, at));
    // The latency itself is the benchmark's to judge; here the clock must be readable and recent.
    expect(Math.min(...ages)).toBeGreaterThan(0);
    expect(Math.max(...ages)).toBeLessThan(10_000);
    expect(errors).toEqual([]);
  });

  it("counts its viewer and names its renditions", async () => {
    const { live } = await until(
      "one viewer",
      () => room("morning"),
      (view) => (view.live?.viewers ?? 0) >= 1,
    );
    expect(live?.renditions.map((rendition) => rendition.name)).toContain("360p");
  });

  it("is played by ffmpeg from the same address", async () => {
    const child = spawn("ffmpeg", [
      ...["-v", "error", "-i", `${stack.url}/live/morning/index.m3u8`, "-map", "0:v:0", "-map", "0:a:0"],
      ...["-t", "4", "-f", "null", "-"],
    ]);
    let stderr = "";
    child.stderr.on("data", (text) => (stderr += text));
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("shows a thumbnail", async () => {
    const answer = await until(
      "the thumbnail",
      () => fetch(`${stack.url}/live/morning/thumbnail.jpg`),
      (response) => response.ok,
    );
    expect(answer.headers.get("content-type")).toBe("image/jpeg");
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(1_000);
  });

  it("goes through an encoder's drop-out on the same playlist, without a discontinuity or a gap in time", async () => {
    const recorder = record(await mediaPlaylist("morning", "360p"));
    const { key } = await stack.api<{ key: string }>("POST", "/api/v1/rooms/morning/stream-keys", { label: "again" });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await publisher.kill();
    await until(
      "the slate",
      () => room("morning"),
      ({ live }) => live?.at === "interrupted",
    );
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    publisher = publish({ url: `${stack.rtmpUrl}/${key}`, size: "640x360", bitsPerSecond: 1_000_000 });
    await until(
      "live again",
      () => room("morning"),
      ({ live }) => live?.at === "live",
    );
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const recording = await recorder.stop();
    expect(recording.discontinuities).toBe(0);
    expect(recording.failures).toEqual([]);
    expect(recording.gaps).toEqual([]);
    const first = recording.segments[0] ?? 0;
    expect(recording.segments).toEqual(recording.segments.map((_, k) => first + k));
    const packets = probePackets(recording.bytes());
    expect([...timeBreaks(packets, "video"), ...timeBreaks(packets, "audio")]).toEqual([]);
    const { currentTime = 0 } = (await videoState(page)) ?? {};
    await until(
      "the page plays on",
      () => videoState(page),
      (video) => (video?.currentTime ?? 0) > currentTime + 1,
    );
  });
});
