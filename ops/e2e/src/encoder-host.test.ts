/** A room that an encoder feeds by RTMP, with a guest: who sees the programme and hears the encoder, not themselves. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startBrowser, until } from "./browser.ts";
import { type Publisher, publish } from "./publisher.ts";
import { record } from "./record.ts";
import { type Stack, startStack } from "./stack.ts";
import { decodeSound, toneLevels, WINDOW_MS } from "./tone-level.ts";

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

/** A microphone that never stops: apart from the encoder's 440 Hz and its beep. */
const GUEST_HZ = 1_050;
const TONE_MICROPHONE = `{
  const capture = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wishes) => {
    const media = await capture(wishes);
    if (!wishes.audio) return media;
    const sound = new AudioContext();
    const tone = new OscillatorNode(sound, { frequency: ${GUEST_HZ} });
    const out = sound.createMediaStreamDestination();
    tone.connect(new GainNode(sound, { gain: 0.3 })).connect(out);
    tone.start();
    return new MediaStream([...out.stream.getAudioTracks(), ...media.getVideoTracks()]);
  };
}`;
/** Louder is the tone, fainter is what other sound leaks into its place. */
const HEARD = 0.02;

let host: Page;
let guest: Page;
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

async function pageOf(path: "sessions" | "users", name: string): Promise<Page> {
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 800 } });
  await context.addInitScript(`localStorage.setItem("lianmai.devices", '{"size":"360p"}')`);
  if (path === "users") await context.addInitScript(TONE_MICROPHONE);
  await context.request.post(`${stack.url}/api/v1/${path}`, { data: { name, password: PASSWORD } });
  return context.newPage();
}

it("shows a guest backstage the programme, and lets the encoder be heard", async () => {
  const live = () => stack.api<{ readonly live: { readonly at: string } | null }>("GET", `/api/v1/rooms/${SLUG}`);
  await until("the programme", live, (room) => room.live?.at === "live", { budgetMs: 90_000 });
  [host, guest] = [await pageOf("sessions", "admin"), await pageOf("users", "mei")];
  await host.goto(`${stack.url}/studio/${SLUG}`);
  await guest.goto(`${stack.url}/join/${SLUG}`);
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

/** How loud the guest is in each window of the programme from now on. */
async function hearGuest(during: () => Promise<void>): Promise<number[]> {
  const { live } = await stack.api<{ readonly live: { readonly programId: string } | null }>(
    "GET",
    `/api/v1/rooms/${SLUG}`,
  );
  const recorder = record(`${stack.url}/live/${SLUG}/${live?.programId}/audio/media.m3u8`, { fromNext: true });
  await during();
  const recording = await recorder.stop();
  return [...toneLevels(decodeSound(recording.bytes()), GUEST_HZ)];
}

it("lets a guest on air be heard in the programme, until muted", async () => {
  const backstage = await hearGuest(() => guest.waitForTimeout(2_500));
  expect(Math.max(...backstage)).toBeLessThan(HEARD);
  await button(host, "On air").click();
  await guest.getByText("You are on air").waitFor({ timeout: 30_000 });
  const heardMs = async () => {
    const levels = await hearGuest(() => host.waitForTimeout(1_500));
    return levels.filter((level) => level > HEARD).length * WINDOW_MS;
  };
  await until("the guest in the programme", heardMs, (ms) => ms > 500, { budgetMs: 60_000 });
  const levels = await hearGuest(async () => {
    await host.waitForTimeout(2_000);
    await button(host, "More about mei").click();
    await host.getByRole("menuitem", { name: "Mute", exact: true }).click();
    await guest.getByText("The host has muted you").waitFor({ timeout: 30_000 });
    await host.waitForTimeout(6_000);
  });
  expect(levels.some((level) => level > HEARD)).toBe(true);
  expect(Math.max(...levels.slice(-2_000 / WINDOW_MS))).toBeLessThan(HEARD);
}, 180_000);
