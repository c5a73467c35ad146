/** A browser host by WHIP, watched on LL-HLS; the layout that comes with the media; a mixer killed in the show. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBrowser, until, videoState } from "./browser.ts";
import { chooseQuality } from "./in-room-page.ts";
import { probePackets, record, timeBreaks } from "./record.ts";
import { type Stack, startStack } from "./stack.ts";

interface RoomView {
  readonly live: null | { readonly at: string; readonly programId: string };
}

let stack: Stack;
let browser: Browser;
let host: Page;
/** A STUN server that only counts. */
let stun: Socket;
let stunRequests = 0;

const room = () => stack.api<RoomView>("GET", "/api/v1/rooms/browser-host");
const mediaPlaylist = async (rung: string) =>
  `${stack.url}/live/browser-host/${(await room()).live?.programId}/${rung}/media.m3u8`;

/** Runs in the page: publishes a drawn picture and a tone as RFC 9725 says, without waiting for candidates. */
const whipSource = `async ([endpoint, token]) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  const pen = canvas.getContext("2d");
  let n = 0;
  setInterval(() => {
    pen.fillStyle = "hsl(" + (n * 3) % 360 + " 60% 40%)";
    pen.fillRect(0, 0, 640, 360);
    pen.fillStyle = "white";
    pen.font = "80px sans-serif";
    pen.fillText(String(n++), 220, 200);
  }, 33);
  const sound = new AudioContext();
  const tone = sound.createOscillator();
  const out = sound.createMediaStreamDestination();
  tone.connect(out);
  tone.start();
  const peer = new RTCPeerConnection();
  for (const track of [...out.stream.getTracks(), ...canvas.captureStream(30).getTracks()]) {
    peer.addTransceiver(track, { direction: "sendonly" });
  }
  await peer.setLocalDescription();
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: { authorization: "Bearer " + token, "content-type": "application/sdp" },
    body: peer.localDescription.sdp,
  });
  if (answer.status !== 201) throw new Error(answer.status + " " + await answer.text());
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  window.__peer = peer;
}`;

beforeAll(async () => {
  stun = createSocket("udp4", () => (stunRequests += 1)).bind(0, "127.0.0.1");
  await once(stun, "listening");
  stack = await startStack({ env: { STUN_URLS: `stun:127.0.0.1:${stun.address().port}` } });
  browser = await startBrowser();
  const { key } = await stack.room("browser-host", { graceMs: 30_000 });
  host = await browser.newPage();
  // A page of the service itself: what a studio will be.
  await host.goto(stack.url);
  await host.evaluate(`(${whipSource})(${JSON.stringify([`${stack.url}/whip/browser-host`, key])})`);
  await until("the room goes live", room, ({ live }) => live?.at === "live", { budgetMs: 60_000 });
});

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  stun?.close();
});

describe("a browser host", () => {
  it("is watched on LL-HLS", async () => {
    const viewer = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await viewer.goto(`${stack.url}/r/browser-host`);
    await until(
      "the picture",
      () => videoState(viewer),
      (video) => (video?.currentTime ?? 0) > 2 && (video?.width ?? 0) > 0,
      { budgetMs: 60_000 },
    );
    await viewer.close();
  });

  it("is watched by WebRTC too, and the player slides there and back without loading the page anew", async () => {
    await stack.api("PATCH", "/api/v1/rooms/browser-host/settings", { webrtc: true });
    const viewer = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: "en" });
    await viewer.goto(`${stack.url}/r/browser-host`);
    await viewer.evaluate("window.__sameDocument = true");
    const playing = (realtime: boolean) => async () => {
      const state = await viewer.evaluate(`(() => {
        const video = document.querySelector("media-controller video");
        return { webrtc: Boolean(video?.srcObject), width: video?.videoWidth ?? 0, time: video?.currentTime ?? 0 };
      })()`);
      const { webrtc, width, time } = state as { webrtc: boolean; width: number; time: number };
      return webrtc === realtime && width > 0 && time > 1;
    };
    const isTrue = (value: boolean) => value;
    await until("HLS", playing(false), isTrue, { budgetMs: 60_000 });
    await chooseQuality(viewer, "Real time");
    await until("WebRTC", playing(true), isTrue);
    await until(
      "a question to the STUN server that the answer names",
      async () => stunRequests,
      (count) => count > 0,
    );
    const metrics = await (await fetch(`http://127.0.0.1:${stack.ports.stage}/metrics`)).text();
    expect(metrics).toMatch(/^lianmai_stage_whep_viewers\S* 1$/m);
    await chooseQuality(viewer, "Auto");
    await until("HLS again", playing(false), isTrue, { budgetMs: 60_000 });
    expect(await viewer.evaluate("window.__sameDocument")).toBe(true);
    await viewer.close();
  }, 180_000);

  it("brings its layout with the media", async () => {
    const text = await (await fetch(await mediaPlaylist("audio"))).text();
    const value = /#EXT-X-DATERANGE:.*CLASS="lianmai\.layout".*X-LAYOUT="([\w-]+)"/.exec(text)?.[1] ?? "";
    const layout = JSON.parse(Buffer.from(value, "base64url").toString());
    expect(layout).toMatchObject({ version: 1, kind: "solo", tiles: [{ room: "browser-host", media: "camera" }] });
  });

  it("stays in the program, live and without a discontinuity, when the mixer is killed", async () => {
    const recorder = record(await mediaPlaylist("audio"));
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect((await stack.kill("mixer")).length).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    const recording = await recorder.stop();
    expect(recording.discontinuities).toBe(0);
    expect(timeBreaks(probePackets(recording.bytes()), "audio")).toEqual([]);
    expect((await room()).live?.at).toBe("live");
  });
});
