import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBrowser, until, videoState } from "./browser.ts";
import { type Publisher, publish } from "./publisher.ts";
import { type Stack, startStack } from "./stack.ts";

const require = createRequire(import.meta.url);
let stack: Stack;
let browser: Browser;
let publisher: Publisher;
let playlist: string;

beforeAll(async () => {
  stack = await startStack();
  browser = await startBrowser();
  const { key } = await stack.room("players");
  publisher = publish({ url: `${stack.rtmpUrl}/${key}`, size: "640x360", bitsPerSecond: 1_000_000 });
  playlist = `${stack.url}/live/players/index.m3u8`;
  await until(
    "the playlist",
    () => fetch(playlist).then((answer) => answer.status),
    (status) => status === 200,
    {
      budgetMs: 30_000,
    },
  );
  await new Promise((resolve) => setTimeout(resolve, 8_000));
});

afterAll(async () => {
  await publisher?.kill();
  await browser?.close();
  await stack?.stop();
});

describe("players that are not ours, on the same address", { timeout: 60_000 }, () => {
  it("ffmpeg plays every variant, the audio-only one too", async () => {
    const child = spawn("ffmpeg", ["-v", "error", "-i", playlist, "-map", "0", "-t", "3", "-f", "null", "-"]);
    let stderr = "";
    child.stderr.on("data", (text) => (stderr += text));
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it.each([false, true])("Shaka Player plays, low latency mode %s", async (lowLatencyMode) => {
    const page = await browser.newPage();
    await page.setContent("<video muted autoplay style='width:640px;height:360px'></video>");
    await page.addScriptTag({ path: require.resolve("shaka-player/dist/shaka-player.compiled.js") });
    const failures = await page.evaluate<string>(`(async () => {
      window.failures = [];
      const player = new shaka.Player();
      player.addEventListener("error", (event) => window.failures.push(event.detail.code));
      player.configure({ streaming: { lowLatencyMode: ${lowLatencyMode} } });
      try {
        await player.attach(document.querySelector("video"));
        await player.load(${JSON.stringify(playlist)});
        await document.querySelector("video").play();
      } catch (error) { window.failures.push(String(error.code ?? error)); }
      return window.failures.join(" ");
    })()`);
    expect(failures).toBe("");
    const { currentTime = 0 } = (await videoState(page)) ?? {};
    await until(
      "three seconds of play",
      () => videoState(page),
      (video) => (video?.currentTime ?? 0) > currentTime + 3,
    );
    expect(await page.evaluate("window.failures")).toEqual([]);
    await page.close();
  });
});
