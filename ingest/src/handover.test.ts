import { execFile } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Publication, publicationRedisKey } from "./contract.ts";
import { FlvReader, type FlvTag, parseAudioTag, parseVideoTag } from "./flv/index.ts";
import { MAX_READERS } from "./source/source.ts";
import { publishWithFfmpeg, recordTags } from "./testing/ffmpeg.ts";
import { startTestIngest, type TestIngest } from "./testing/ingest.ts";
import { continuity, readSource } from "./testing/read-source.ts";
import { eventually, startTestRedis, type TestRedis } from "./testing/redis.ts";
import { RtmpClient } from "./testing/rtmp-client.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

let redis: TestRedis;
let ingest: TestIngest;
beforeAll(async () => {
  redis = await startTestRedis();
  ingest = await startTestIngest(redis.url);
});
afterAll(async () => {
  await ingest.stop();
  await redis.stop();
});

const record = async (room: string): Promise<Publication> =>
  JSON.parse(await eventually(async () => await redis.client.get(publicationRedisKey(room))));

async function live(key: string): Promise<RtmpClient> {
  await redis.grant(key, { room: key });
  const { client, status } = await RtmpClient.publishing(ingest.rtmpPort, key);
  expect(status.code).toBe("NetStream.Publish.Start");
  return client;
}

test("a source begins with its headers and a keyframe, goes on without a gap, and ends with its publisher", async () => {
  await redis.grant("whole", { room: "whole" });
  const publisher = publishWithFfmpeg(ingest.url("whole"), { seconds: 5, gop: 45 });
  const { sourceUrl } = await record("whole");
  await sleep(2_000);
  const reading = await readSource(sourceUrl);
  expect(await reading.ended).toBe(true);
  expect(await publisher.exited).toBe(0);
  const [metadata, videoConfig, audioConfig, first] = reading.tags as [FlvTag, FlvTag, FlvTag, FlvTag];
  expect(metadata.type).toBe("script");
  expect(metadata.data.toString("latin1", 3, 13)).toBe("onMetaData");
  expect(parseVideoTag(videoConfig.data)).toMatchObject({ kind: "config", codec: "h264" });
  expect(parseAudioTag(audioConfig.data)).toMatchObject({ kind: "config", codec: "aac" });
  expect(parseVideoTag(first.data)).toMatchObject({ kind: "frame", key: true });
  const video = continuity(reading.tags, "video");
  expect(video.backwards).toBe(0);
  expect(video.largestStepMs).toBeLessThanOrEqual(34);
  expect(continuity(reading.tags, "audio").largestStepMs).toBeLessThanOrEqual(22);
  expect(reading.tags.length).toBeGreaterThan(150);
});

test("ffprobe reads a source: both streams, and a picture at once", async () => {
  await redis.grant("probed", { room: "probed" });
  const publisher = publishWithFfmpeg(ingest.url("probed"), { seconds: 30, gop: 60 });
  const { sourceUrl } = await record("probed");
  await sleep(500);
  const args = [
    "-v",
    "error",
    "-probesize",
    "131072",
    "-analyzeduration",
    "500000",
    "-show_entries",
    "stream=codec_name",
  ];
  const { stdout, stderr } = await promisify(execFile)("ffprobe", [...args, "-of", "csv=p=0", "-i", sourceUrl]);
  expect(stderr).toBe("");
  expect(stdout.trim().split("\n")).toEqual(["h264", "aac"]);
  await publisher.kill();
});

test("every tag arrives as it was sent, also HEVC and AV1 ones and a new sequence header", async () => {
  const client = await live("exact");
  const enhanced = (head: number, fourcc: string, body: readonly number[]) =>
    Buffer.from([head, ...Buffer.from(fourcc), ...body]);
  const sent: FlvTag[] = [
    { type: "video", timestampMs: 0, data: enhanced(0x90, "hvc1", [1, 2, 3, 4]) },
    { type: "video", timestampMs: 0, data: enhanced(0x91, "hvc1", [0, 0, 0, 9, 9, 9]) },
    { type: "video", timestampMs: 33, data: enhanced(0xa3, "hvc1", [7, 7, 7]) },
    { type: "video", timestampMs: 66, data: enhanced(0x90, "av01", [0x81, 0, 0, 0]) },
    { type: "video", timestampMs: 66, data: enhanced(0x91, "av01", [5, 5]) },
    { type: "video", timestampMs: 0xffffff + 10, data: enhanced(0xa1, "av01", [6]) },
  ];
  client.media(sent[0]!);
  client.media(sent[1]!);
  await eventually(async () => (await ingest.metrics()).match(/lianmai_ingest_media_bytes_total\{.*\} [1-9]/));
  await sleep(1_100);
  client.media(sent[2]!);
  const publication = await record("exact");
  expect(publication).toMatchObject({ videoCodec: "hevc", audioCodec: "none" });
  const reading = await readSource(publication.sourceUrl);
  await eventually(() => reading.tags.length === 3);
  for (const tag of sent.slice(3)) client.media(tag);
  await eventually(() => reading.tags.length === 6);
  client.destroy();
  expect(await reading.ended).toBe(true);
  expect(reading.tags).toEqual(sent);
});

test("a wrong token, an unknown session and too many readers are told apart", async () => {
  const client = await live("guarded");
  for (const tag of recordTags({ seconds: 1 })) client.media(tag);
  const { sourceUrl } = await record("guarded");
  const status = async (url: string, init?: RequestInit) => {
    const response = await fetch(url, init);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = (await response.json()) as { readonly status: number; readonly code: string };
    expect(problem.status).toBe(response.status);
    return [response.status, problem.code];
  };
  expect(await status(`${sourceUrl}x`)).toEqual([403, "source-token-wrong"]);
  expect(await status(sourceUrl.split("?")[0] ?? "")).toEqual([403, "source-token-wrong"]);
  expect(await status(`${ingest.httpUrl}/sources/none?token=x`)).toEqual([404, "source-unknown"]);
  expect(await status(sourceUrl, { method: "POST" })).toEqual([405, "method-not-allowed"]);
  expect(await status(`${ingest.httpUrl}/elsewhere`)).toEqual([404, "not-found"]);
  const readers = await Promise.all(Array.from({ length: MAX_READERS }, () => readSource(sourceUrl)));
  expect(await status(sourceUrl)).toEqual([503, "source-readers-full"]);
  readers[0]?.stop();
  const again = await eventually(() => readSource(sourceUrl).catch(() => undefined));
  for (const reader of [...readers.slice(1), again]) reader.stop();
  client.destroy();
});

test("a reader that stops reading loses whole groups, and resumes with headers and a keyframe; others lose nothing", async () => {
  const client = await live("slow");
  const tags = recordTags({ seconds: 2, gop: 15 }).filter((tag) => tag.type === "video");
  const padding = Buffer.alloc(150_000, 1);
  // Padded so that the bound is passed by bytes, whatever the machine's speed: filler after the access unit.
  const send = async (round: number, padded = true) => {
    for (const tag of tags.slice(round === 0 ? 0 : 1)) {
      const parsed = parseVideoTag(tag.data);
      const data = padded && parsed.kind === "frame" ? Buffer.concat([tag.data, padding]) : tag.data;
      client.media({ ...tag, timestampMs: tag.timestampMs + round * 2_000, data });
      // The publisher's pace: this process also is the server and both readers.
      await sleep(3);
    }
  };
  await send(0);
  await sleep(1_100);
  await send(1);
  const { sourceUrl } = await record("slow");
  const fast = await readSource(sourceUrl);
  const slow = request(sourceUrl).end();
  const [response] = (await once(slow, "response")) as [IncomingMessage];
  response.pause();
  for (let round = 2; round < 5; round += 1) {
    await send(round);
    await eventually(() => fast.tags.some((tag) => tag.timestampMs >= round * 2_000 + 1_900));
  }
  const dropped = await eventually(async () =>
    Number(/lianmai_ingest_tags_dropped_total\{.*why="reader".*\} (\d+)/.exec(await ingest.metrics())?.[1] ?? 0),
  );
  expect(dropped).toBeGreaterThan(15);
  expect(continuity(fast.tags, "video").largestStepMs).toBeLessThanOrEqual(100);

  const reader = new FlvReader();
  const late: FlvTag[] = [];
  response.on("data", (chunk: Buffer) => late.push(...reader.push(chunk)));
  response.on("error", () => {});
  response.resume();
  await sleep(1_000);
  await send(5, false);
  await send(6, false);
  await eventually(() => late.some((tag) => tag.timestampMs >= 13_000));
  const times = late.filter((tag) => parseVideoTag(tag.data).kind === "frame");
  const gap = times.findIndex((tag, i) => i > 0 && tag.timestampMs - (times[i - 1]?.timestampMs ?? 0) > 400);
  expect(gap).toBeGreaterThan(0);
  expect(parseVideoTag(times[gap]!.data)).toMatchObject({ key: true });
  const at = late.indexOf(times[gap]!);
  expect(parseVideoTag(late[at - 1]!.data)).toMatchObject({ kind: "config" });
  slow.destroy();
  fast.stop();
  client.destroy();
});

test("the same port tells health, readiness and numbers", async () => {
  expect((await fetch(`${ingest.httpUrl}/healthz`)).status).toBe(200);
  expect((await fetch(`${ingest.httpUrl}/readyz`)).status).toBe(200);
  const metrics = await ingest.metrics();
  for (const name of ["publishers", "connections", "pending_connections", "readers"]) {
    expect(metrics).toContain(`lianmai_ingest_${name}`);
  }
});
