import { afterAll, beforeAll, expect, it } from "vitest";
import { type Publication, publicationRedisKey } from "../contract.ts";
import { type HandoverFrame, HandoverReader } from "../rtp-handover/index.ts";
import { RawClient } from "../testing/raw-client.ts";
import { encodePictures, RawShow } from "../testing/raw-media.ts";
import { eventually, startTestRedis, type TestRedis } from "../testing/redis.ts";
import { startTestStage, type TestStage } from "../testing/stage.ts";

let redis: TestRedis;
let stage: TestStage;
beforeAll(async () => {
  redis = await startTestRedis();
  stage = await startTestStage(redis.url);
});
afterAll(async () => {
  await stage?.stop();
  await redis?.stop();
});

/** Reads the source until a keyframe and its sets have come, and sound. */
async function readSource(url: string): Promise<HandoverFrame[]> {
  const gone = new AbortController();
  const response = await fetch(url, { signal: gone.signal });
  const reader = new HandoverReader();
  const frames: HandoverFrame[] = [];
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    frames.push(...reader.push(Buffer.from(chunk)));
    const types = unitTypes(frames);
    if (types.has(5) && types.has(7) && types.has(8) && frames.length > 200) break;
  }
  gone.abort();
  return frames;
}

/** Kinds of NAL units that stand alone or begin a fragmented one. */
function unitTypes(frames: readonly HandoverFrame[]): Set<number> {
  return new Set(
    frames.flatMap((frame) => {
      if (frame.kind !== "rtp" || frame.track !== 1) return [];
      const [first = 0, second = 0] = frame.packet.subarray(12);
      return [(first & 0x1f) === 28 ? second & 0x1f : first & 0x1f];
    }),
  );
}

it("takes a publisher that does all as OBS does", async () => {
  await redis.grant("obs-key", { room: "obs" });
  const ssrcs = { audio: 1_111, video: 2_222 };
  const client = new RawClient([
    { kind: "audio", ssrc: ssrcs.audio },
    { kind: "video", ssrc: ssrcs.video },
  ]);
  // No candidates, the transport above the media lines, no simulcast, no mid in the packets.
  expect(client.offer).not.toContain("a=candidate");
  const answer = await stage.call("POST", "/whip/obs", {
    headers: {
      "content-type": "application/sdp",
      authorization: "Bearer obs-key",
      "user-agent": "Mozilla/5.0 (OBS-Studio/31.0)",
    },
    body: client.offer,
  });
  expect(answer.status).toBe(201);
  client.answered(await answer.text());
  await client.connected;
  // Parameter sets each in a packet of their own; never a sender report.
  const show = new RawShow({
    ...{ ssrcs, send: (packet) => client.send(packet) },
    pictures: encodePictures({ size: "320x180", frames: 60, bits: 400_000 }),
  });
  const publication = await eventually(async () => {
    const text = await redis.client.get(publicationRedisKey("obs"));
    const found = text === null ? undefined : (JSON.parse(text) as Publication);
    return found?.videoCodec === "h264" && found.audioCodec === "opus" ? found : undefined;
  }, 30_000);
  expect(publication).toMatchObject({ protocol: "whip", sourceFormat: "rtp" });
  const frames = await readSource(publication.sourceUrl);
  expect(frames.filter(({ kind }) => kind === "rtcp")).toEqual([]);
  expect(frames.some((frame) => frame.kind === "rtp" && frame.track === 0)).toBe(true);
  // It stops as OBS stops: DELETE, then the connection.
  const gone = await stage.call("DELETE", answer.headers.get("location") ?? "");
  expect(gone.status).toBe(200);
  await eventually(async () => (await redis.client.get(publicationRedisKey("obs"))) === null);
  show.stop();
  client.close();
}, 90_000);
