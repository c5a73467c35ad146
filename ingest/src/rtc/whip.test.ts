import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Publication, publicationRedisKey } from "../contract.ts";
import { type HandoverFrame, HandoverReader } from "../rtp-handover/index.ts";
import { startTestBrowser, type TestBrowser } from "../testing/browser.ts";
import { eventually, startTestRedis, type TestRedis } from "../testing/redis.ts";
import { startTestStage, type TestStage } from "../testing/stage.ts";

let redis: TestRedis;
let stage: TestStage;
let browser: TestBrowser;

beforeAll(async () => {
  redis = await startTestRedis();
  stage = await startTestStage(redis.url);
  browser = await startTestBrowser();
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
  await redis?.stop();
});

/** What the page offers: camera and microphone, the codec named first, candidates left out as OBS does. */
function offer(page: Page, options: { readonly codec: string; readonly mode?: number }): Promise<string> {
  return page.evaluate(`(async ({ codec, mode }) => {
    const peer = (window.peer = new RTCPeerConnection());
    const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
    for (const track of media.getTracks()) peer.addTransceiver(track, { direction: "sendonly", streams: [media] });
    const all = RTCRtpSender.getCapabilities("video").codecs;
    const fits = (one) => one.mimeType.toLowerCase() === codec &&
      (mode === undefined || one.sdpFmtpLine.includes("packetization-mode=" + mode));
    const rtx = all.filter((one) => one.mimeType === "video/rtx");
    const video = peer.getTransceivers().find((one) => one.sender.track.kind === "video");
    video.setCodecPreferences([...all.filter(fits), ...rtx]);
    await peer.setLocalDescription();
    return peer.localDescription.sdp.replace(/^a=candidate:.*\\r\\n/gm, "");
  })(${JSON.stringify(options)})`);
}

async function post(room: string, key: string, sdp: string): Promise<Response> {
  return await stage.call("POST", `/whip/${room}`, {
    headers: { "content-type": "application/sdp", authorization: `Bearer ${key}` },
    body: sdp,
  });
}

const answer = (page: Page, sdp: string) =>
  page.evaluate(`window.peer.setRemoteDescription({ type: "answer", sdp: ${JSON.stringify(sdp)} })`);

const published = (room: string): Promise<Publication> =>
  eventually(async () => JSON.parse((await redis.client.get(publicationRedisKey(room))) ?? "null"), 20_000);

/** Reads a source until `enough` of its frames, then leaves. */
async function readFrames(
  url: string,
  enough: (frames: readonly HandoverFrame[]) => boolean,
): Promise<HandoverFrame[]> {
  const controller = new AbortController();
  const response = await fetch(url, { signal: controller.signal });
  const reader = new HandoverReader();
  const frames: HandoverFrame[] = [];
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    frames.push(...reader.push(Buffer.from(chunk)));
    if (enough(frames)) break;
  }
  controller.abort();
  return frames;
}

describe("a browser that publishes by WHIP", () => {
  it.each([
    ["video/vp8", undefined, "vp8"],
    ["video/h264", 1, "h264"],
    ["video/h264", 0, "h264"],
  ] as const)(
    "with %s (mode %s) is the room's publication, handed over as RTP with sender reports",
    async (codec, mode, name) => {
      const room = `whip-${name}-${mode ?? 0}`;
      await redis.grant(`key-${room}`, { room });
      const page = await browser.page();
      const response = await post(room, `key-${room}`, await offer(page, { codec, mode }));
      expect(response.status).toBe(201);
      expect(response.headers.get("location")).toMatch(new RegExp(`^/whip/${room}/[0-9a-f-]{36}$`));
      expect(response.headers.get("etag")).toMatch(/^"[0-9a-f]{8}"$/);
      await answer(page, await response.text());
      const publication = await published(room);
      expect(publication).toMatchObject({
        protocol: "whip",
        sourceFormat: "rtp",
        videoCodec: name,
        audioCodec: "opus",
      });
      const frames = await readFrames(
        publication.sourceUrl,
        (all) =>
          all.filter(({ kind }) => kind === "rtp").length > 200 &&
          new Set(all.flatMap((frame) => (frame.kind === "rtcp" ? [frame.track] : []))).size === 2,
      );
      expect(frames[0]).toMatchObject({ kind: "header", header: { tracks: [{ kind: "audio" }, { kind: "video" }] } });
      for (const track of [0, 1]) {
        const numbers = frames.flatMap((frame) =>
          frame.kind === "rtp" && frame.track === track ? [frame.packet.readUInt16BE(2)] : [],
        );
        expect(numbers).toEqual(numbers.map((_, i) => ((numbers[0] ?? 0) + i) & 0xffff));
      }
      const location = response.headers.get("location") ?? "";
      expect((await stage.call("DELETE", location)).status).toBe(200);
      expect((await stage.call("DELETE", location)).status).toBe(404);
      await eventually(() => redis.events.some((event) => event.kind === "unpublished" && event.room === room));
      await page.close();
    },
  );
});
