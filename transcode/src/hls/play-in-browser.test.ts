import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { systemClock } from "@lianmai/process";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { planLayout } from "../layout/plan-layout.ts";
import { LayoutRanges } from "./layout-ranges.ts";
import { createOrigin, type Origin } from "./origin.ts";
import type { OriginProgram } from "./origin-program.ts";
import { encodeMaterial, feedSound, rung, type TestMaterial, testProgram } from "./testing/material.ts";

const PAGE = `<!doctype html><video muted playsinline></video><script src="/hls.js"></script><script>
const video = document.querySelector("video");
const facts = { errors: [], fatal: 0, levels: [], loads: {}, ended: false };
const hls = new Hls({ lowLatencyMode: true });
hls.on(Hls.Events.ERROR, (_, e) => { facts.errors.push(e.type + "/" + e.details); if (e.fatal) { facts.fatal++;
  if (e.type === Hls.ErrorTypes.NETWORK_ERROR) setTimeout(() => hls.startLoad(), 250); } });
hls.on(Hls.Events.FRAG_LOADED, (_, { part }) => { if (part) facts.loads[part.url] = (facts.loads[part.url] ?? 0) + 1; });
hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => facts.levels.push(level));
video.addEventListener("ended", () => { facts.ended = true; });
hls.loadSource("/live/test-room/index.m3u8");
hls.attachMedia(video);
video.play();
window.observe = () => ({ ...facts, time: video.currentTime, latency: hls.latency, width: video.videoWidth,
  audioBytes: video.webkitAudioDecodedByteCount, frames: video.getVideoPlaybackQuality().totalVideoFrames });
window.choose = (height) => { hls.nextLevel = hls.levels.findIndex((level) => level.height === height); };
</script>`;

interface Observed {
  readonly errors: string[];
  readonly fatal: number;
  readonly levels: number[];
  readonly loads: Readonly<Record<string, number>>;
  readonly ended: boolean;
  readonly time: number;
  readonly latency: number;
  readonly width: number;
  readonly audioBytes: number;
  readonly frames: number;
}

let browser: Browser;
let server: Server;
let origin: Origin;
let program: OriginProgram;
let large: TestMaterial;
let small: TestMaterial;
let pacer: NodeJS.Timeout;
/** Picture at which the encoders begin anew, in the middle of a part; null: not yet. */
let restartAt: number | null = null;
let next = 0;
let startedAtMs = 0;

const RUNGS = [rung("360p", 360, 900_000), rung("180p", 180, 300_000), rung("audio", 0, 0)];

function layoutOf(count: number) {
  const people = Array.from({ length: count }, (_, i) => ({ id: `p${i}`, name: `嘉宾 ${i}` }));
  return planLayout(
    people.map((one) => ({ ...one, hasCamera: true, hasScreen: false, isMuted: false })),
    { choice: { kind: "auto" }, room: "test-room", canvas: { width: 640, height: 360 } },
  );
}

/** A program process's part: a program from `firstIndex` on, its encoders, and a pacer on the program's clock. */
function begin(options: { readonly epoch: number; readonly firstIndex: number }): void {
  const wallMs = systemClock.wallMs() - (systemClock.monotonicMs() - startedAtMs);
  const layouts = new LayoutRanges({ startedAtMs: wallMs, fps: 30 });
  // Somebody comes or goes every second: players must not mind.
  for (let i = 0; i < 60; i++) layouts.add(options.firstIndex + i * 30, layoutOf(1 + (i % 9)));
  const dateRanges = (fromMs: number) => layouts.since(fromMs);
  program = testProgram(systemClock, { ...options, rungs: RUNGS, startedAtMs: wallMs, dateRanges });
  program.videoConfig("360p", large.avcC);
  program.videoConfig("180p", small.avcC);
  program.audioConfig(large.audioConfig);
  if (options.epoch > 1) program.discontinuity(options.firstIndex);
  origin.add(program);
  next = options.firstIndex;
  pacer = setInterval(pace, 5);
}

/** Index that the encoders' newest IDR picture stands for: on the grid, but for the one after the restart. */
function originOf(index: number): number {
  if (restartAt === null || index < restartAt) return 0;
  return index < Math.ceil(restartAt / 30) * 30 ? restartAt : 0;
}

/** Pictures come at their time; sound follows 60 ms later, as it does from a real encoder. */
function pace(): void {
  const due = Math.floor(((systemClock.monotonicMs() - startedAtMs) * 30) / 1_000);
  for (; next < due; next++) {
    const begin = originOf(next);
    for (const [name, material] of [
      ["360p", large],
      ["180p", small],
    ] as const) {
      const picture = material.pictures[(next - begin) % material.pictures.length];
      if (picture) program.video(name, { ...picture, index: next });
    }
    if (next >= 2) feedSound(program, large, next - 2);
  }
}

beforeAll(async () => {
  const encode = (size: string) => encodeMaterial({ seconds: 4, fps: 30, gopFrames: 30, size });
  [large, small] = [await encode("640x360"), await encode("320x180")];
  origin = createOrigin({ clock: systemClock });
  const hls = readFileSync(fileURLToPath(import.meta.resolve("hls.js/dist/hls.min.js")));
  server = createServer((request, response) => {
    if (origin.handle(request, response)) return;
    if (request.url === "/hls.js") response.end(hls);
    else if (request.url === "/") response.setHeader("Content-Type", "text/html").end(PAGE);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  startedAtMs = systemClock.monotonicMs();
  begin({ epoch: 1, firstIndex: 0 });
  browser = await chromium.launch({
    executablePath: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium-headless-shell",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--autoplay-policy=no-user-gesture-required",
    ],
  });
});

afterAll(async () => {
  clearInterval(pacer);
  await browser?.close();
  origin?.close();
  server?.closeAllConnections();
  server?.close();
});

test("hls.js plays parts, switches renditions, plays over an encoder's restart and sees the end", async () => {
  const page = await browser.newPage();
  const { port } = server.address() as AddressInfo;
  await page.goto(`http://127.0.0.1:${port}/`);
  const observe = () => page.evaluate<Observed>("window.observe()");
  const until = (what: string) => page.waitForFunction(what, undefined, { timeout: 20_000, polling: 100 });
  await until("window.observe().time > 0");
  await page.evaluate("window.choose(360)");
  await until("window.observe().time > 3 && window.observe().width === 640");
  const before = await observe();
  restartAt = next + 14;
  await page.evaluate("window.choose(180)");
  await until("window.observe().width === 320");
  await until(`window.observe().time > ${before.time + 5}`);
  clearInterval(pacer);
  program.end();
  await until("window.observe().ended");
  const last = await observe();
  expect(last.errors.filter((error) => !error.endsWith("bufferStalledError"))).toEqual([]);
  expect(last.fatal).toBe(0);
  const loads = Object.values(last.loads);
  expect(loads.length).toBeGreaterThan(10);
  // A player that cannot tell where a segment ends loads the same parts for ever (see listed-durations.ts).
  expect(Math.max(...loads)).toBeLessThanOrEqual(3);
  expect(last.audioBytes).toBeGreaterThan(0);
  expect(last.frames).toBeGreaterThan(150);
});

test("a program that comes back in a new process is played on, without a reload", async () => {
  restartAt = null;
  clearInterval(pacer);
  origin.remove(program);
  startedAtMs = systemClock.monotonicMs();
  begin({ epoch: 1, firstIndex: 0 });
  const page = await browser.newPage();
  const { port } = server.address() as AddressInfo;
  await page.goto(`http://127.0.0.1:${port}/`);
  const observe = () => page.evaluate<Observed>("window.observe()");
  const until = (what: string) => page.waitForFunction(what, undefined, { timeout: 30_000, polling: 100 });
  await until("window.observe().time > 3");
  clearInterval(pacer);
  origin.remove(program);
  await until("window.observe().errors.length > 0");
  const { time } = await observe();
  // The last GOP of a segment: the first segment is short, and players have a complete one sooner.
  const due = Math.ceil(((systemClock.monotonicMs() - startedAtMs) * 30) / 1_000);
  begin({ epoch: 2, firstIndex: Math.ceil((due + 30) / 60) * 60 - 30 });
  await until(`window.observe().time > ${time + 4}`);
  const { loads } = await observe();
  expect(Object.keys(loads).some((url) => url.includes("/p2-"))).toBe(true);
  // Nothing exists for the time between the epochs: hls.js reports how it crosses that hole. Anything else it says of
  // the media (append, parsing, codec) is a fault of ours.
  const crossing = /(?:bufferStalledError|bufferNudgeOnStall|bufferSeekOverHole|fragGap)$/;
  const { errors } = await observe();
  expect(errors.filter((error) => error.startsWith("mediaError") && !crossing.test(error))).toEqual([]);
});
