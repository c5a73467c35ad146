/** A room that an encoder feeds by RTMP, with a guest: who sees the programme and hears the encoder, not themselves. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startBrowser, until } from "./browser.ts";
import { type Publisher, publish } from "./publisher.ts";
import { type Stack, startStack } from "./stack.ts";

const SLUG = "encoder-show";
const PASSWORD = "correct horse battery";
let stack: Stack;
let browser: Browser;
let encoder: Publisher;

beforeAll(async () => {
  stack = await startStack();
  browser = await startBrowser({ devices: true });
  const { key } = await stack.room(SLUG, { graceMs: 30_000 });
  encoder = publish({ url: `${stack.rtmpUrl}/${key}`, size: "640x360", bitsPerSecond: 600_000 });
});

afterAll(async () => {
  await encoder?.kill();
  await browser?.close();
  await stack?.stop();
});

async function pageOf(path: "sessions" | "users", name: string): Promise<Page> {
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 800 } });
  await context.addInitScript(`localStorage.setItem("lianmai.devices", '{"size":"360p"}')`);
  await context.request.post(`${stack.url}/api/v1/${path}`, { data: { name, password: PASSWORD } });
  return context.newPage();
}

it("shows a guest backstage the programme, and lets the encoder be heard", async () => {
  const live = () => stack.api<{ readonly live: { readonly at: string } | null }>("GET", `/api/v1/rooms/${SLUG}`);
  await until("the programme", live, (room) => room.live?.at === "live", { budgetMs: 90_000 });
  const [host, guest] = [await pageOf("sessions", "admin"), await pageOf("users", "mei")];
  await host.goto(`${stack.url}/studio/${SLUG}`);
  await guest.goto(`${stack.url}/join/${SLUG}`);
  const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
  await button(guest, "Raise hand").click({ timeout: 60_000 });
  await button(host, "Accept").click({ timeout: 60_000 });
  await guest.getByText("Backstage", { exact: true }).waitFor({ timeout: 60_000 });
  const seconds = () =>
    guest.evaluate<number>(`(() => {
      const video = document.querySelector(".programme video");
      return video?.videoWidth ? video.currentTime : 0;
    })()`);
  await until("the programme's picture", seconds, (at) => at > 1, { budgetMs: 90_000 });
  // The encoder's tone, in what the page plays.
  const loudness = () =>
    guest.evaluate<number>(`(async () => {
      const streams = [...document.querySelectorAll("audio")].map((audio) => audio.srcObject).filter(Boolean);
      const context = (window.__context ??= new AudioContext());
      await context.resume();
      let most = 0;
      for (const stream of streams.filter((one) => one.getAudioTracks().length > 0)) {
        const meter = context.createAnalyser();
        context.createMediaStreamSource(stream).connect(meter);
        await new Promise((resolve) => setTimeout(resolve, 200));
        const samples = new Float32Array(meter.fftSize);
        meter.getFloatTimeDomainData(samples);
        most = Math.max(most, ...samples);
      }
      return most;
    })()`);
  await until("the encoder's sound", loudness, (most) => most > 0.01, { budgetMs: 60_000 });
  expect(await guest.locator(".programme").count()).toBe(1);
}, 300_000);
