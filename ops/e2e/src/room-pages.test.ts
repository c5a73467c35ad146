/** The room as people have it: a viewer, the host and a moderator in three pages of real Chromium. */
import { randomUUID } from "node:crypto";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBrowser, until, videoState } from "./browser.ts";
import {
  choose,
  danmaku,
  devicesAsked,
  field,
  freshToken,
  hears,
  linesOf,
  patience,
  plays,
  qualities,
  say,
  sees,
  watchDanmaku,
} from "./in-room-page.ts";
import { type Publisher, publish } from "./publisher.ts";
import { type Stack, startStack } from "./stack.ts";

const PASSWORD = "correct horse battery";

interface Account {
  readonly token: string;
  readonly user: { readonly id: string; readonly name: string };
}

let stack: Stack;
let browser: Browser;
let publisher: Publisher;
const accounts = new Map<string, Account>();
const pages = new Map<string, Page>();

const account = (name: string) => accounts.get(name) as Account;
const page = (name: string) => pages.get(name) as Page;

async function call<T>(as: string, method: string, path: string, body?: unknown): Promise<T> {
  const { token } = account(as);
  const response = await fetch(`${stack.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

async function signedIn(name: string): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-US" });
  const answer = await context.request.post(`${stack.url}/api/v1/sessions`, { data: { name, password: PASSWORD } });
  if (!answer.ok()) throw new Error(`${name} cannot sign in: ${answer.status()}`);
  return context;
}

async function open(name: string): Promise<Page> {
  const opened = await (await signedIn(name)).newPage();
  await opened.goto(`${stack.url}/r/parlour`);
  return opened;
}

beforeAll(async () => {
  stack = await startStack();
  browser = await startBrowser();
  for (const name of ["Vera", "Hanna", "Mo"]) {
    accounts.set(name, await stack.api<Account>("POST", "/api/v1/users", { name, password: PASSWORD }));
  }
  await call("Hanna", "POST", "/rooms", { slug: "parlour", title: "The parlour" });
  const { key } = await call<{ key: string }>("Hanna", "POST", "/rooms/parlour/stream-keys", { label: "test" });
  const mo = { user: account("Mo").user.id, name: "Mo" };
  await call("Hanna", "POST", "/rooms/parlour/moderation/acts", {
    act: "role",
    ...mo,
    role: "moderator",
    durationMs: 0,
  });
  await stack.api("POST", "/api/v1/grants", { cid: randomUUID(), user: "Vera", amount: 1_000, reason: "test" });
  publisher = publish({ url: `${stack.rtmpUrl}/${key}`, size: "640x360", fps: 15, bitsPerSecond: 400_000 });
  for (const name of ["Vera", "Hanna", "Mo"]) pages.set(name, await open(name));
  for (const each of pages.values())
    await until(
      "the composer",
      () => field(each).count(),
      (count) => count === 1,
      patience,
    );
  for (const each of pages.values()) await plays(each);
}, 400_000);

afterAll(async () => {
  await browser?.close();
  await publisher?.kill();
  await stack?.stop();
});

describe("a room in three pages", () => {
  it("carries what is said to everybody, and tells its writer that it is saved", async () => {
    await say(page("Vera"), "hello from Vera");
    for (const name of ["Vera", "Hanna", "Mo"]) await hears(page(name), "hello from Vera");
    await until(
      "saved",
      () => page("Vera").getByLabel("sent and saved").count(),
      (count) => count > 0,
      patience,
    );
    await say(page("Hanna"), "@Vera welcome");
    await hears(page("Vera"), "@Vera welcome");
  });

  it("shows moderators the way to the studio, where nothing asks for their camera until they do", async () => {
    const way = (name: string) => page(name).getByRole("link", { name: "Direct the stage" });
    for (const name of ["Hanna", "Mo"]) await way(name).waitFor();
    expect(await way("Vera").count()).toBe(0);
    const studio = await page("Mo").context().newPage();
    expect(await devicesAsked(studio, `${stack.url}/studio/parlour`)).toEqual({ byItself: 0, byClick: 1 });
    await studio.close();
  });

  it("offers real time to who makes the show, and not to viewers where the room does not", async () => {
    for (const name of ["Hanna", "Mo"]) expect(await qualities(page(name))).toContain("Real time");
    expect(await qualities(page("Vera"))).not.toContain("Real time");
  });

  it("lets messages cross the picture without touching each other, and none when it is turned off", async () => {
    const host = page("Hanna");
    await host.evaluate(watchDanmaku);
    for (let at = 0; at < 6; at += 1) await say(page("Mo"), `crossing ${at} ${"x".repeat(at * 6)}`);
    await until(
      "texts over the picture",
      () => danmaku(host),
      ({ seen }) => seen >= 6,
      patience,
    );
    await host.waitForTimeout(3_000);
    expect(await danmaku(host)).toMatchObject({ touched: 0 });
    await host.evaluate("document.activeElement?.blur()");
    await host.keyboard.press("d");
    await until(
      "none",
      () => host.locator(".danmaku .one").count(),
      (count) => count === 0,
      patience,
    );
    const { seen } = await danmaku(host);
    await say(page("Mo"), "not over the picture");
    await hears(host, "not over the picture");
    await host.waitForTimeout(500);
    expect(await danmaku(host)).toMatchObject({ seen });
  });

  it("counts gifts of a combo once, on every page", async () => {
    const give = page("Vera").getByRole("button", { name: /^Send for/ });
    for (let at = 0; at < 3; at += 1) await give.click();
    for (const name of ["Hanna", "Mo"]) {
      const line = page(name).locator('[role="log"][aria-live] .gift');
      await until(
        "the combo",
        async () => (await line.allTextContents()).join(),
        (text) => text.includes("×3"),
        patience,
      );
      expect(await line.count()).toBe(1);
    }
    const { balance } = await call<{ balance: number }>("Vera", "GET", "/wallet");
    expect(balance).toBe(997);
  });

  it("mutes from a message's menu, tells the muted, and undoes", async () => {
    await choose(page("Mo"), "hello from Vera", "Mute for 10 min");
    await sees(page("Vera"), /You are muted until/);
    expect(await field(page("Vera")).count()).toBe(0);
    await page("Mo").getByRole("button", { name: /Undo/ }).click();
    await until(
      "the composer",
      () => field(page("Vera")).count(),
      (count) => count === 1,
      patience,
    );
    await say(page("Vera"), "I may talk again");
    await hears(page("Hanna"), "I may talk again");
  });

  it("withdraws a message by key, and brings it back", async () => {
    const row = page("Mo").locator("[data-cid]", { hasText: "I may talk again" }).last();
    await row.focus();
    await row.press("Delete");
    await until(
      "gone",
      () => linesOf(page("Vera")),
      (lines) => !lines.includes("I may talk again"),
      patience,
    );
    await sees(page("Vera"), "Removed by a moderator");
    await page("Mo").getByRole("button", { name: /Undo/ }).click();
    await hears(page("Vera"), "I may talk again");
  });

  it("slows the chat down for viewers, not for moderators", async () => {
    await call("Hanna", "PATCH", "/rooms/parlour/moderation/modes", { slowMs: 20_000 });
    await sees(page("Vera"), "Slow: 20s");
    await say(page("Vera"), "slowly");
    await hears(page("Hanna"), "slowly");
    await until(
      "a countdown",
      () => page("Vera").getByRole("timer").count(),
      (count) => count === 1,
      patience,
    );
    await say(page("Vera"), "too soon");
    await say(page("Mo"), "moderators are quick");
    await hears(page("Vera"), "moderators are quick");
    expect(await linesOf(page("Hanna"))).not.toContain("too soon");
    await call("Hanna", "PATCH", "/rooms/parlour/moderation/modes", { slowMs: 0 });
    await until(
      "no countdown",
      () => page("Vera").getByRole("timer").count(),
      (count) => count === 0,
      patience,
    );
  });

  it("sends what was written without a connection once and in order when the edge is back", async () => {
    const vera = page("Vera");
    await vera.context().setOffline(true);
    await stack.kill("edge");
    const written = Array.from({ length: 12 }, (_, at) => `offline ${at}`);
    for (const words of written) await say(vera, words);
    await sees(vera, /12 messages wait/);
    await vera.context().setOffline(false);
    for (const name of ["Hanna", "Mo"]) await hears(page(name), "offline 11");
    const { entries } = await call<{ entries: { kind: string; body: { text?: string } }[] }>(
      "Hanna",
      "GET",
      "/rooms/parlour/entries?limit=100",
    );
    const said = entries.flatMap(({ body }) => (body.text?.startsWith("offline") ? [body.text] : [])).reverse();
    expect(said).toEqual(written);
    for (const name of ["Hanna", "Mo"]) {
      expect((await linesOf(page(name))).filter((line) => line.startsWith("offline"))).toEqual(written.slice(-12));
    }
    await until(
      "none waits",
      () => vera.locator(".own").count(),
      (count) => count === 0,
      patience,
    );
  });

  it("puts a kicked viewer out of chat and video until it is undone; a fresh token does not help", async () => {
    const vera = page("Vera");
    for (const each of pages.values()) await plays(each);
    const late: { readonly url: string; readonly status: number }[] = [];
    let kickedAtMs = Number.POSITIVE_INFINITY;
    vera.on("request", (request) => {
      const startedMs = Date.now();
      if (!request.url().includes("/live/")) return;
      request.response().then(
        (response) => {
          if (response && startedMs > kickedAtMs) late.push({ url: request.url(), status: response.status() });
        },
        // the page is closed
        () => undefined,
      );
    });
    const kicked = page("Mo").waitForResponse((response) => response.url().endsWith("/moderation/acts"));
    await choose(page("Mo"), "offline 11", "Remove for 10 min");
    expect((await kicked).status()).toBe(200);
    kickedAtMs = Date.now();
    await sees(vera, /You were removed from this chat until/);
    await sees(vera, "You were removed from this room");
    expect((await videoState(vera))?.width ?? 0).toBe(0);
    expect(late.filter(({ status }) => status === 200)).toEqual([]);
    expect(await vera.evaluate(freshToken)).toEqual({ chat: "banned", playlist: 403 });
    const elsewhere = await open("Vera");
    await sees(elsewhere, "You were removed from this room");
    await page("Mo").locator("body").press("Escape");
    await call("Mo", "POST", "/rooms/parlour/moderation/acts", {
      act: "unban",
      user: account("Vera").user.id,
      name: "Vera",
    });
    await plays(vera);
    for (const each of [vera, elsewhere])
      await until(
        "the composer",
        () => field(each).count(),
        (count) => count === 1,
        patience,
      );
    await elsewhere.context().close();
    await say(vera, "back again");
    await hears(page("Hanna"), "back again");
  });
});
