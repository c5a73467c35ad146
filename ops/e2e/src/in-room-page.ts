/** What people do on a room's page, and what runs within it. */
import type { Page } from "playwright-core";
import { until, videoState } from "./browser.ts";

/** The machine may be busy with other things. */
export const patience = { budgetMs: 120_000 };

/** Words of the chat's lines on a page, in order; the list is virtual, so the newest are what counts. */
export const linesOf = (of: Page): Promise<readonly string[]> =>
  of.evaluate(`[...document.querySelectorAll('[role="log"][aria-live] .words')].map((each) => each.textContent)`);

export const field = (of: Page) => of.getByRole("combobox", { name: "Say something…" });

export async function say(of: Page, words: string): Promise<void> {
  await field(of).fill(words);
  await field(of).press("Enter");
}

export const hears = (of: Page, words: string) =>
  until(
    `"${words}"`,
    () => linesOf(of),
    (lines) => lines.includes(words),
    patience,
  );

export const sees = (of: Page, words: string | RegExp) =>
  until(
    `${words} on the page`,
    () => of.getByText(words).count(),
    (count) => count > 0,
    patience,
  );

/** Opens the menu of the newest message with these words and chooses. */
export async function choose(of: Page, words: string, act: string): Promise<void> {
  await of.locator("[data-cid]", { hasText: words }).last().click({ button: "right" });
  await of.getByRole("menuitem", { name: act }).click();
}

async function openQualities(of: Page): Promise<void> {
  await of.locator("media-controller").hover();
  await of.locator("button.quality").click();
  await of.getByRole("menuitemcheckbox").first().waitFor();
}

export async function chooseQuality(of: Page, name: string): Promise<void> {
  await openQualities(of);
  await of.getByText(name, { exact: true }).last().click();
}

/** What the menu of qualities offers. */
export async function qualities(of: Page): Promise<readonly string[]> {
  await openQualities(of);
  const texts = await of.locator(".menu-item .menu-text").allTextContents();
  await of.keyboard.press("Escape");
  return texts;
}

export const plays = (of: Page) =>
  until(
    "the picture",
    async () => {
      const before = (await videoState(of))?.currentTime ?? 0;
      await of.waitForTimeout(500);
      return { before, now: (await videoState(of))?.currentTime ?? 0 };
    },
    ({ before, now }) => now > before && before > 0,
    patience,
  );

/** Runs in the page: where WebRTC has come to, if it is what plays; and why something has failed. */
const realTime = `(() => {
  const { srcObject, currentTime } = document.querySelector("media-controller video");
  return { seconds: srcObject ? currentTime : -1, error: window.__lianmaiStats().lastError };
})()`;

/** Chooses real time; again where a busy machine did not connect in time and the page went back to HLS. */
export const playsInRealTime = (of: Page) =>
  until(
    "WebRTC",
    async () => {
      const shown = await of.evaluate<{ readonly seconds: number; readonly error: string }>(realTime);
      if (shown.seconds < 0) await chooseQuality(of, "Real time");
      return shown;
    },
    ({ seconds }) => seconds > 1,
    patience,
  );

/** Runs in the page: counts texts over the picture, and pairs of a lane that touch, frame by frame. */
export const watchDanmaku = `(() => {
  const seen = new Set();
  const state = (window.__danmaku = { seen: 0, touched: 0 });
  const look = () => {
    const boxes = [...document.querySelectorAll(".danmaku .one")].map((each) => {
      seen.add(each);
      return each.getBoundingClientRect();
    });
    state.seen = seen.size;
    for (const a of boxes) for (const b of boxes) {
      if (a !== b && a.top === b.top && a.left < b.left && a.right > b.left) state.touched += 1;
    }
    requestAnimationFrame(look);
  };
  look();
})()`;
/** What {@link watchDanmaku} has counted. */
export const danmaku = (of: Page) =>
  of.evaluate<{ readonly seen: number; readonly touched: number }>("({...window.__danmaku})");

/** Runs in the page: a new pass and a new token, then the playlist and the chat with them. */
export const freshToken = `(async () => {
  await fetch("/api/v1/viewer", { method: "POST" });
  const answer = await fetch("/api/v1/room/token", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  const { token } = await answer.json();
  const socket = new WebSocket(location.origin.replace("http", "ws") + "/ws", "lianmai.room.v1");
  await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
  const welcome = new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(JSON.parse(data))));
  socket.send(JSON.stringify({ t: "hello", v: 1, token, rooms: [{ room: "parlour" }] }));
  const { rooms } = await welcome;
  socket.close();
  const playlist = await fetch("/live/parlour/index.m3u8", { cache: "no-store" });
  return { chat: rooms[0].fault, playlist: playlist.status };
})()`;

/** Runs before the page: counts how often it asks for a camera or a microphone, and gives none. */
const countAsked = `(() => {
  window.__asked = 0;
  navigator.mediaDevices.getUserMedia = async () => {
    window.__asked += 1;
    throw new DOMException("none", "NotFoundError");
  };
})()`;

/** Opens a studio: how often it has asked for devices by itself, and then for a click on the camera. */
export async function devicesAsked(
  of: Page,
  studio: string,
): Promise<{ readonly byItself: number; readonly byClick: number }> {
  await of.addInitScript(countAsked);
  await of.goto(studio);
  // its title comes with the room: whoever is asked, is asked then
  await of.getByRole("heading", { name: "The parlour" }).waitFor();
  await of.waitForTimeout(2_000);
  const asked = () => of.evaluate<number>("window.__asked");
  const byItself = await asked();
  await of.getByRole("button", { name: "Camera on", exact: true }).click();
  return { byItself, byClick: await until("the question", asked, (count) => count > byItself, patience) };
}
