/** The built pages in a real Chromium, against an API in memory and real live HLS made by ffmpeg. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { emptyWorld, roomOf, type ServedWorld, serveWorld, type World } from "./world.ts";

const SETUP_MS = 180_000;
const TEST_MS = 90_000;
const player = join(import.meta.dirname, "..");
const place = mkdtempSync(join(tmpdir(), "lianmai-player-"));
const dist = join(place, "dist");
const media = join(place, "media");

let browser: Browser;
let context: BrowserContext;
let page: Page;
let world: World;
let served: ServedWorld;
let faults: string[];
const encoders: ChildProcess[] = [];

/** Live HLS of one rendition in a room's directory, in real time, until killed. */
async function broadcast(slug: string, color: string): Promise<ChildProcess> {
  const directory = join(media, slug);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const child = spawn(
    "ffmpeg",
    [
      ...["-v", "error", "-re", "-f", "lavfi", "-i", `color=${color}:s=320x180:r=15`],
      ...["-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"],
      ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "15", "-pix_fmt", "yuv420p"],
      ...["-c:a", "aac", "-ac", "2", "-f", "hls", "-hls_time", "1", "-hls_list_size", "8"],
      ...["-hls_segment_type", "fmp4", "-hls_flags", "program_date_time", "-master_pl_name", "index.m3u8"],
      join(directory, "media.m3u8"),
    ],
    { stdio: "ignore" },
  );
  encoders.push(child);
  const second = join(directory, "media2.m4s");
  while (!existsSync(second) || !existsSync(join(directory, "index.m3u8"))) {
    if (child.exitCode !== null) throw new Error("ffmpeg made no stream");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return child;
}

/** Waits until the page's own figures satisfy a condition on `s`. */
const stats = (condition: string): Promise<unknown> =>
  page.waitForFunction(`((s) => s && (${condition}))(window.__lianmaiStats?.())`, undefined, {
    timeout: 60_000,
    polling: 100,
  });
const text = (content: string) => page.getByText(content, { exact: true }).first();

beforeAll(async () => {
  await build({
    root: player,
    configFile: join(player, "vite.config.ts"),
    logLevel: "error",
    build: { outDir: dist, emptyOutDir: true },
  });
  browser = await chromium.launch({
    executablePath: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium-headless-shell",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--autoplay-policy=no-user-gesture-required",
    ],
  });
}, SETUP_MS);

afterAll(async () => {
  await browser?.close();
  rmSync(place, { recursive: true, force: true });
});

beforeEach(async () => {
  world = emptyWorld();
  served = await serveWorld(world, { dist, media });
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB" });
  page = await context.newPage();
  faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
});

afterEach(async () => {
  await context.close();
  await served.close();
  for (const child of encoders.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  expect(faults).toEqual([]);
});

describe("watching", () => {
  it("leads from the lobby to a playing picture, and waits there for the next program by itself", {
    timeout: TEST_MS,
  }, async () => {
    const first = await broadcast("talk", "red");
    world.rooms = [roomOf("talk", "Evening talk", "Mei", "p1")];
    await page.goto(served.origin);
    await page.getByRole("link", { name: "Evening talk" }).click();
    await stats("s.picture === 'playing' && s.currentTimeS > 1");
    await page.evaluate("window.__sameDocument = true");
    expect(world.seen.some((line) => /media\.m3u8\?.*v=[\w-]{12}/.test(line))).toBe(true);

    first.kill("SIGTERM");
    await once(first, "exit");
    const room = world.rooms[0];
    if (room) room.live = null;
    await text("The broadcast has ended").waitFor({ timeout: 60_000 });

    await broadcast("talk", "blue");
    world.rooms = [roomOf("talk", "Evening talk", "Mei", "p2")];
    await stats("s.programId === 'p2' && s.picture === 'playing' && s.currentTimeS > 1");
    expect(await page.evaluate("window.__sameDocument")).toBe(true);
  });

  it("plays on by itself after the server was away", { timeout: TEST_MS }, async () => {
    await broadcast("talk", "green");
    world.rooms = [roomOf("talk", "Evening talk", "Mei", "p1")];
    await page.goto(`${served.origin}/r/talk`);
    await stats("s.picture === 'playing' && s.currentTimeS > 1");
    await page.evaluate("window.__sameDocument = true");
    const { port } = served;
    await served.close();
    await text("Connection lost, reconnecting…").waitFor({ timeout: 60_000 });
    await stats("s.picture === 'stalled' || s.aheadMs < 300");
    served = await serveWorld(world, { dist, media, port });
    const shown = await page.evaluate<number>("window.__lianmaiStats().currentTimeS");
    await stats(`s.picture === 'playing' && s.aheadMs > 500 && s.currentTimeS !== ${shown}`);
    expect(await page.evaluate("window.__sameDocument")).toBe(true);
  });

  it("leaves out a rendition that was given up, and plays on with the others", { timeout: TEST_MS }, async () => {
    await broadcast("talk", "navy");
    const variant = (name: string, height: number, rate: number) =>
      `#EXT-X-STREAM-INF:BANDWIDTH=${rate},RESOLUTION=${(height * 16) / 9}x${height},CODECS="avc1.42c00c,mp4a.40.2"\n${name}`;
    const multivariant = ["#EXTM3U", variant("media.m3u8", 180, 200_000), variant("tall.m3u8", 360, 400_000), ""];
    let gone = false;
    await page.route("**/live/talk/index.m3u8", (route) =>
      route.fulfill({ contentType: "application/vnd.apple.mpegurl", body: multivariant.join("\n") }),
    );
    await page.route("**/live/talk/tall.m3u8*", (route) =>
      gone ? route.fulfill({ status: 410, body: "{}" }) : route.fulfill({ path: join(media, "talk/media.m3u8") }),
    );
    world.rooms = [roomOf("talk", "Evening talk", "Mei", "p1")];
    await page.goto(`${served.origin}/r/talk`);
    await stats("s.picture === 'playing' && s.levels.length === 2 && s.levelHeight === 360");
    gone = true;
    await stats("s.levels.length === 1 && s.levelHeight === 180");
    const shown = await page.evaluate<number>("window.__lianmaiStats().currentTimeS");
    await stats(`s.picture === 'playing' && s.currentTimeS > ${shown} + 3`);
  });

  it("starts without reload when a room that is off goes live", { timeout: TEST_MS }, async () => {
    world.rooms = [roomOf("later", "Later", "Mei")];
    await page.goto(`${served.origin}/later`);
    await text("Not on air right now").waitFor();
    await broadcast("later", "white");
    world.rooms = [roomOf("later", "Later", "Mei", "p9")];
    await stats("s.picture === 'playing' && s.programId === 'p9' && s.currentTimeS > 0.5");
  });

  it("obeys its keys and shows statistics", { timeout: TEST_MS }, async () => {
    await broadcast("talk", "gray");
    world.rooms = [roomOf("talk", "Evening talk", "Mei", "p1")];
    await page.goto(`${served.origin}/r/talk`);
    await stats("s.picture === 'playing'");
    await page.keyboard.press("k");
    await stats("s.picture === 'paused'");
    await page.keyboard.press("l");
    await stats("s.picture === 'playing'");
    await page.keyboard.press("m");
    expect(await page.evaluate("document.querySelector('video').muted")).toBe(true);
    await page.keyboard.press("i");
    await page.getByRole("region", { name: "Statistics" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  });

  it("says so when there is no such room", async () => {
    await page.goto(`${served.origin}/r/nobody`);
    await text("There is no such room").waitFor();
  });
});

describe("hosting", () => {
  it("goes from a new account to a stream key that is shown once", { timeout: TEST_MS }, async () => {
    await page.goto(`${served.origin}/host`);
    await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
    await page.getByRole("tab", { name: "Create account" }).click();
    await page.getByLabel("Name").fill("mei");
    await page.getByLabel("Password").fill("a few good words");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("button", { name: "Open my first room" }).click();
    await page.getByLabel("Title").fill("Café Nights!");
    expect(await page.getByLabel("Address").inputValue()).toBe("cafe-nights");
    await page.getByRole("button", { name: "Open room" }).click();
    await page.getByRole("tab", { name: "Stream keys" }).click();
    await page.getByLabel("Label").fill("Studio");
    await page.getByRole("button", { name: "Create key" }).click();
    const dialog = page.getByRole("dialog", { name: "Your new stream key" });
    await dialog.getByText("live_4f9K2mTq8ZsWv1Lr6Yx7Qp").waitFor();
    await dialog.getByText("http://127.0.0.1:8080/whip/cafe-nights").waitFor();
    await dialog.getByRole("button", { name: "I have copied it" }).click();
    await text("••••x7Qp").waitFor();
    expect(await page.getByText("live_4f9K2mTq8ZsWv1Lr6Yx7Qp").count()).toBe(0);
  });

  it("asks before it revokes and before it ends a broadcast", { timeout: TEST_MS }, async () => {
    mkdirSync(join(media, "mine"), { recursive: true });
    copyFileSync(join(player, "public/favicon.svg"), join(media, "mine/thumbnail.jpg"));
    world.user = { id: "me", name: "mei", role: "user", createdAtMs: 0 };
    world.rooms = [{ ...roomOf("mine", "Mine", "mei", "p1"), host: { id: "me", name: "mei" } }];
    world.keys = [{ id: "k1", label: "Old", hint: "abcd", state: "active", createdAtMs: 0 }];
    await page.goto(`${served.origin}/host/mine`);
    await page.getByRole("main").getByRole("button", { name: "End broadcast" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    expect(world.rooms[0]?.live).not.toBeNull();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.getByRole("main").getByRole("button", { name: "End broadcast" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "End broadcast" }).click();
    await text("Go live with OBS").waitFor();
    await page.getByRole("tab", { name: "Stream keys" }).click();
    await page.getByRole("main").getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await text("No stream key yet. Create one to connect OBS.").waitFor();
  });

  it("counts down when there were too many attempts", { timeout: TEST_MS }, async () => {
    world.signInFailure = { type: "", title: "", status: 429, code: "locked-out", retryAfterMs: 3_000 };
    await page.goto(`${served.origin}/sign-in`);
    await page.getByLabel("Name").fill("mei");
    await page.getByLabel("Password").fill("wrong-password");
    const button = page.locator("form button[type=submit]");
    await button.click();
    await page.getByText("Too many attempts.").waitFor();
    expect(await button.isDisabled()).toBe(true);
    await page.waitForFunction(() => !document.querySelector<HTMLButtonElement>("form button[type=submit]")?.disabled);
  });
});

describe("languages", () => {
  it("follows the browser, switches and remembers", { timeout: TEST_MS }, async () => {
    await page.goto(served.origin);
    await text("Be the first on air").waitFor();
    expect(await page.getAttribute("html", "lang")).toBe("en");
    await page.getByRole("button", { name: "Language" }).click();
    await page.getByText("简体中文").click();
    await text("来做第一个开播的人").waitFor();
    await page.reload();
    await text("来做第一个开播的人").waitFor();
    expect(await page.getAttribute("html", "lang")).toBe("zh-CN");
  });
});
