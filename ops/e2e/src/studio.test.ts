/** A show by clicking: the host goes live in the studio, a guest joins by link, is directed, and the programme shows it. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBrowser, until, videoState } from "./browser.ts";
import { playsInRealTime } from "./in-room-page.ts";
import { probePackets, record, timeBreaks } from "./record.ts";
import { type Stack, startStack } from "./stack.ts";

const SLUG = "evening-show";
const PASSWORD = "correct horse battery";
/** Devices that take their time: the host clicks before they are there. */
const SLOW_DEVICES = `{
  const { mediaDevices } = navigator;
  const capture = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (wishes) => {
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    return capture(wishes);
  };
}`;

interface RoomView {
  readonly live: null | { readonly at: string; readonly programId: string };
}
interface Layout {
  readonly kind: string;
  readonly canvas: { readonly width: number; readonly height: number };
  readonly tiles: readonly {
    readonly name: string;
    readonly media: string;
    readonly isMuted: boolean;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[];
}

let stack: Stack;
let browser: Browser;
let host: Page;
let guest: Page;
let viewer: Page;

beforeAll(async () => {
  stack = await startStack();
  browser = await startBrowser({ devices: true });
  await stack.room(SLUG, { graceMs: 30_000 });
  const hosts = await signedIn("sessions", "admin");
  await hosts.addInitScript(SLOW_DEVICES);
  host = await hosts.newPage();
  guest = await (await signedIn("users", "mei")).newPage();
  viewer = await (await signedIn("users", "bo")).newPage();
});

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

/** A browser of its own with somebody's session in it. */
async function signedIn(path: "sessions" | "users", name: string): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 800 } });
  // Small pictures: three browsers and an encoder share the machine.
  await context.addInitScript(`localStorage.setItem("lianmai.devices", '{"size":"360p"}')`);
  const answer = await context.request.post(`${stack.url}/api/v1/${path}`, { data: { name, password: PASSWORD } });
  expect(answer.ok()).toBe(true);
  return context;
}

const button = (page: Page, name: string | RegExp) =>
  page.getByRole("button", { name, exact: typeof name === "string" });

async function choose(who: string, act: string): Promise<void> {
  await button(host, `More about ${who}`).click();
  await host.getByRole("menuitem", { name: act, exact: true }).click();
}

/** The newest layout that the programme's playlist carries. */
async function layoutOnAir(): Promise<Layout | undefined> {
  const { live } = await stack.api<RoomView>("GET", `/api/v1/rooms/${SLUG}`);
  if (!live) return undefined;
  const playlist = await fetch(`${stack.url}/live/${SLUG}/${live.programId}/audio/media.m3u8`);
  const values = [...(await playlist.text()).matchAll(/CLASS="lianmai\.layout".*X-LAYOUT="([\w-]+)"/g)];
  const last = values.at(-1)?.[1];
  return last ? JSON.parse(Buffer.from(last, "base64url").toString()) : undefined;
}

async function onAir(what: string, accept: (layout: Layout) => boolean): Promise<Layout> {
  const accepts = (layout: Layout | undefined): boolean => layout !== undefined && accept(layout);
  const layout = await until(what, layoutOnAir, accepts, { budgetMs: 180_000 });
  if (!layout) throw new Error(what);
  return layout;
}

/** Media that the stage's process has received since it started; 0 while it is not there. */
async function bytesAtStage(): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${stack.ports.stage}/metrics`).catch(() => null);
  return Number(/^lianmai_stage_received_bytes(?:\{.*\})? (\S+)$/m.exec((await answer?.text()) ?? "")?.[1] ?? 0);
}

/** The guest asks and is refused; the host does not even see it. */
async function isKeptOut(): Promise<void> {
  await button(guest, "Raise hand").click({ timeout: 30_000 });
  await guest.getByText("The host keeps you off this stage").waitFor({ timeout: 30_000 });
  expect(await button(host, "Accept").count()).toBe(0);
}

/** How green the viewer's picture is where each tile is: the made-up camera draws on green. */
function greenness(layout: Layout): Promise<number[]> {
  return viewer.evaluate(`(() => {
    const { canvas: size, tiles } = ${JSON.stringify(layout)};
    const video = document.querySelector("media-controller video");
    const pen = Object.assign(document.createElement("canvas"), size).getContext("2d", { willReadFrequently: true });
    pen.drawImage(video, 0, 0, size.width, size.height);
    return tiles.map(({ x, y, width, height }) => {
      const { data } = pen.getImageData(x + width / 4, y + height / 4, width / 2, height / 2);
      let green = 0;
      for (let i = 0; i < data.length; i += 4) if (data[i + 1] > data[i] + 40 && data[i + 1] > data[i + 2] + 40) green += 1;
      return green / (data.length / 4);
    });
  })()`);
}

describe("a show in the studio", () => {
  it("goes live by a click and is watched", async () => {
    await host.goto(`${stack.url}/studio/${SLUG}`);
    await button(host, "Go live").click({ timeout: 60_000 });
    await button(host, "Take my camera off air").waitFor({ timeout: 60_000 });
    const solo = await onAir("the host's picture", ({ tiles }) => tiles[0]?.media === "camera");
    await viewer.goto(`${stack.url}/r/${SLUG}`);
    await until(
      "the viewer's picture",
      () => videoState(viewer),
      (video) => (video?.currentTime ?? 0) > 2 && (video?.width ?? 0) > 0,
      { budgetMs: 180_000 },
    );
    await until(
      "the host's camera in it",
      () => greenness(solo),
      ([share = 0]) => share > 0.5,
      { budgetMs: 60_000 },
    );
  });

  it("takes a guest from the link to backstage, where the stage is seen", async () => {
    await guest.goto(`${stack.url}/join/${SLUG}`);
    await button(guest, "Raise hand").click({ timeout: 60_000 });
    await guest.getByText("Your hand is raised").waitFor();
    await button(host, "Accept").click({ timeout: 30_000 });
    await guest.getByText("Backstage", { exact: true }).waitFor({ timeout: 30_000 });
    await until(
      "the host's picture backstage",
      () =>
        guest.evaluate<number>(
          `Math.max(0, ...[...document.querySelectorAll(".stage :is(.programme, .picture) video")].map((video) => video.videoWidth && video.currentTime))`,
        ),
      (seconds) => seconds > 0.5,
      { budgetMs: 60_000 },
    );
    expect((await layoutOnAir())?.tiles.map(({ name }) => name)).toEqual(["admin"]);
  });

  it("puts the guest on air, in the viewers' picture", async () => {
    await button(host, "On air").click();
    await guest.getByText("You are on air").waitFor({ timeout: 30_000 });
    const layout = await onAir(
      "two cameras",
      ({ kind, tiles }) => kind === "side-by-side" && tiles.every(({ media }) => media === "camera"),
    );
    expect(layout.tiles.map(({ name }) => name)).toEqual(["admin", "mei"]);
    await until(
      "both in the picture",
      () => greenness(layout),
      (shares) => shares.length === 2 && shares.every((share) => share > 0.5),
      { budgetMs: 180_000 },
    );
  });

  it("lets a viewer tap the guest in the picture and give to them", async () => {
    const body = { cid: "coins-for-bo", user: "bo", amount: 50, reason: "test" };
    await stack.api("POST", "/api/v1/grants", body);
    await button(viewer, "mei, in the picture").click({ timeout: 60_000 });
    await button(viewer, "Send a gift").click();
    const recipient = viewer.getByRole("combobox", { name: "For" }).locator("option:checked");
    expect(await recipient.textContent()).toBe("mei");
    await button(viewer, "Send for 1").click();
    await viewer.locator('[role="log"] .gift').getByText("to mei").waitFor({ timeout: 30_000 });
    const { transfers } = await stack.api<{ transfers: readonly { to: unknown; change: number }[] }>(
      "GET",
      `/api/v1/rooms/${SLUG}/transfers`,
    );
    expect(transfers).toMatchObject([{ change: 1, to: { name: "mei" }, user: { name: "bo" } }]);
  });

  it("offers real time to who is in the picture, and lets people be tapped there too", async () => {
    const page = await guest.context().newPage();
    await page.goto(`${stack.url}/r/${SLUG}`);
    await button(page, "admin, in the picture").waitFor({ timeout: 120_000 });
    await playsInRealTime(page);
    await button(page, "admin, in the picture").click({ timeout: 60_000 });
    await page.close();
  });

  it("changes the layout", async () => {
    await host.getByText("Small over large", { exact: true }).click();
    const layout = await onAir("the layout", ({ kind }) => kind === "picture-in-picture");
    expect(layout.tiles).toHaveLength(2);
  });

  it("mutes the guest, who is told and cannot undo it", async () => {
    await choose("mei", "Mute");
    await guest.getByText("The host has muted you").waitFor({ timeout: 30_000 });
    await onAir("the mute", ({ tiles }) => tiles.some(({ name, isMuted }) => name === "mei" && isMuted));
    await button(guest, "Mute").click();
    await button(guest, "Unmute").click();
    const layout = await layoutOnAir();
    expect(layout?.tiles.find(({ name }) => name === "mei")?.isMuted).toBe(true);
  });

  it("takes a guest back whose page was closed and opened, without a click", async () => {
    await guest.reload();
    await guest.getByText("You are on air").waitFor({ timeout: 60_000 });
    await onAir("the guest's camera again", ({ tiles }) =>
      tiles.some(({ name, media }) => name === "mei" && media === "camera"),
    );
  });

  it("goes on when the stage's process is killed: both are back without a click, on the seats they had", async () => {
    const { live } = await stack.api<RoomView>("GET", `/api/v1/rooms/${SLUG}`);
    const recorder = record(`${stack.url}/live/${SLUG}/${live?.programId}/audio/media.m3u8`);
    await button(host, "More about mei").click();
    // Stopped first, so that the click is surely before the process that comes after it.
    for (const id of await stack.pids("stage")) process.kill(id, "SIGSTOP");
    await host.getByRole("menuitem", { name: "Let them be heard", exact: true }).click();
    const [before = 0] = await stack.kill("stage");
    // Nobody took it: the host is told, and can say it again.
    await host.getByText("The server did not answer. Try again.").waitFor({ timeout: 30_000 });
    await until(
      "another process",
      () => stack.pids("stage"),
      (pids) => pids.length > 0 && !pids.includes(before),
      { budgetMs: 60_000 },
    );
    // Until then the pages, the layout and the picture may still be those from before.
    await until("media at the new process", bytesAtStage, (bytes) => bytes > 200_000, { budgetMs: 120_000 });
    await until(
      "the programme after the slate",
      () => stack.api<RoomView>("GET", `/api/v1/rooms/${SLUG}`),
      (room) => room.live?.at === "live",
      { budgetMs: 60_000 },
    );
    for (const page of [host, guest]) await page.getByText("Connection lost").waitFor({ state: "hidden" });
    await guest.getByText("You are on air").waitFor({ timeout: 60_000 });
    const layout = await onAir("both cameras", ({ tiles }) =>
      ["admin", "mei"].every((name) => tiles.some((tile) => tile.name === name && tile.media === "camera")),
    );
    await until(
      "both in the picture",
      () => greenness(layout),
      (shares) => shares.length === 2 && shares.every((share) => share > 0.5),
      { budgetMs: 120_000 },
    );
    const recording = await recorder.stop();
    expect(recording.discontinuities).toBe(0);
    expect(recording.failures).toEqual([]);
    expect(recording.gaps).toEqual([]);
    expect(timeBreaks(probePackets(recording.bytes()), "audio")).toEqual([]);
    expect((await stack.api<RoomView>("GET", `/api/v1/rooms/${SLUG}`)).live?.programId).toBe(live?.programId);
    await choose("mei", "Let them be heard");
    await onAir("the guest heard", ({ tiles }) => tiles.some(({ name, isMuted }) => name === "mei" && !isMuted));
  });

  it("keeps a guest out: their page, the same loaded anew and another one, until the host allows it", async () => {
    await choose("mei", "Take off and keep out");
    await guest.getByText("You are off the stage").waitFor({ timeout: 30_000 });
    await onAir("the host alone", ({ tiles }) => tiles.length === 1);
    await isKeptOut();
    await guest.reload();
    await isKeptOut();
    guest = await guest.context().newPage();
    await guest.goto(`${stack.url}/join/${SLUG}`);
    await isKeptOut();
    await button(host, "Allow back").click();
    await button(guest, "Raise hand").click();
    await guest.getByText("Your hand is raised").waitFor();
  });

  it("removes the guest, who is told", async () => {
    await choose("mei", "Take off the stage");
    await guest.getByText("You are off the stage").waitFor({ timeout: 30_000 });
    await button(guest, "Raise hand").waitFor();
  });

  it("invites a viewer from the chat, who is asked over the picture and comes backstage", async () => {
    await guest.goto(`${stack.url}/r/${SLUG}`);
    await guest.getByRole("combobox", { name: "Say something…" }).fill("I would like to say something");
    await guest.keyboard.press("Enter");
    await host.getByRole("tab", { name: "Chat" }).click();
    await button(host, "mei").first().click({ timeout: 30_000 });
    await button(host, "Invite to the stage").click();
    await guest.getByText("admin invites you onto the stage").waitFor({ timeout: 30_000 });
    await guest.getByRole("link", { name: "Check devices and answer" }).click();
    await button(guest, "Accept").click({ timeout: 60_000 });
    await guest.getByText("Backstage", { exact: true }).waitFor({ timeout: 30_000 });
  });

  it("ends by a click", async () => {
    await button(host, /End/).click();
    await host.getByRole("dialog").getByRole("button", { name: /End/ }).click();
    await until(
      "the end",
      () => stack.api<RoomView>("GET", `/api/v1/rooms/${SLUG}`),
      ({ live }) => live === null,
      { budgetMs: 60_000 },
    );
  });
});
