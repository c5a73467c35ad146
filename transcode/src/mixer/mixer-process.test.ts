/** The real process: a real encoder over HTTP in, records on its socket out, killed and abandoned. */
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import type { FlvTag } from "@lianmai/ingest/flv";
import { systemClock } from "@lianmai/process";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { samplesPerFrame } from "../bus/frames.ts";
import { planLayout } from "../layout/plan-layout.ts";
import { randomFrom } from "./harness/arrivals.ts";
import { FlvServer, flvHeader, tagBytes } from "./harness/flv-server.ts";
import { makeMedia } from "./harness/make-media.ts";
import { MixerProcess } from "./harness/mixer-process.ts";
import type { MixerCommand, MixerRecord, MixerStats } from "./protocol.ts";

const FORMAT = { width: 320, height: 180, fps: 30 };
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function startMixer(): MixerProcess {
  const mixer = new MixerProcess();
  closers.push(() => mixer.kill());
  return mixer;
}

async function startPublisher(): Promise<FlvServer> {
  const server = await FlvServer.start(FORMAT);
  closers.push(() => server.stop());
  return server;
}

/** One source, over the whole picture. */
function solo(sourceId: string, url: string, fpsHint = 30): readonly MixerCommand[] {
  const host = { id: "host", name: "", hasCamera: true, hasScreen: false, isMuted: false };
  const layout = planLayout([host], { choice: { kind: "auto" }, room: "r", canvas: FORMAT });
  return [
    { kind: "sources", sources: [{ sourceId, url, format: "flv", fpsHint }] },
    { kind: "stage", layout, cast: [{ room: "r", participantId: "host", slot: "camera", sourceId }], gains: {} },
  ];
}

/** Serves the bytes, then keeps the body open. */
async function serveBytes(bytes: Buffer): Promise<string> {
  const server = http.createServer((_request, response) => {
    response.writeHead(200);
    response.write(bytes);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const pictures = (mixer: MixerProcess): MixerRecord[] => mixer.records.filter(({ kind }) => kind === "video");

function lastStats(mixer: MixerProcess): MixerStats | undefined {
  const event = mixer.events.findLast(({ kind }) => kind === "stats");
  return event?.kind === "stats" ? event.stats : undefined;
}

/** Distinct luma values: a black or slate-like picture has few. */
function tones({ data }: MixerRecord): number {
  return new Set(data.subarray(0, FORMAT.width * FORMAT.height)).size;
}

describe("the mixer process", () => {
  test("composes a live source: rising indexes, whole records, a picture that moves, sound", async () => {
    const [mixer, server] = [startMixer(), await startPublisher()];
    await mixer.event("ready");
    mixer.send(...solo("a", server.url));
    expect(await mixer.event("source-format")).toEqual({
      kind: "source-format",
      sourceId: "a",
      ...FORMAT,
      hasAudio: true,
    });
    mixer.send({ kind: "start", format: FORMAT, zeroMs: systemClock.monotonicMs() });
    await mixer.event("source-on-air");
    await mixer.until(() => mixer.records.some(({ kind }) => kind === "thumbnail"));
    await mixer.until(() => lastStats(mixer) !== undefined);
    const sizes = { video: (FORMAT.width * FORMAT.height * 3) / 2, audio: samplesPerFrame(30) * 4 } as const;
    for (const kind of ["video", "audio"] as const) {
      const records = mixer.records.filter((record) => record.kind === kind);
      expect(records.length).toBeGreaterThan(20);
      expect(records.every(({ data }) => data.length === sizes[kind])).toBe(true);
      // A busy machine may skip, never repeat or go back.
      for (let i = 1; i < records.length; i++) expect(records[i]!.index).toBeGreaterThan(records[i - 1]!.index);
      const holes = records.at(-1)!.index - records[0]!.index + 1 - records.length;
      expect(holes).toBeLessThan(records.length / 2);
    }
    const last = pictures(mixer).slice(-10);
    expect(last.every((record) => tones(record) > 40)).toBe(true);
    expect(new Set(last.map(({ data }) => data.toString("latin1"))).size).toBeGreaterThan(1);
    expect(mixer.records.some(({ kind, data }) => kind === "audio" && data.some((byte) => byte !== 0))).toBe(true);
  });

  test("comes back with its source, after a slate, over the same program", async () => {
    const [mixer, server] = [startMixer(), await startPublisher()];
    mixer.send({ kind: "start", format: FORMAT, zeroMs: systemClock.monotonicMs() });
    mixer.send(...solo("a", server.url));
    await mixer.event("source-on-air");
    server.unpublish();
    await mixer.event("source-lost");
    const before = mixer.events.length;
    server.publish();
    await mixer.until(() => mixer.events.slice(before).some(({ kind }) => kind === "source-on-air"));
    const indexes = pictures(mixer).map(({ index }) => index);
    for (let i = 1; i < indexes.length; i++) expect(indexes[i]).toBeGreaterThan(indexes[i - 1]!);
  });

  test("killed twice, the next one is on air again with the same numbering", async () => {
    const server = await startPublisher();
    const zeroMs = systemClock.monotonicMs();
    let lastIndex = -1;
    for (let run = 0; run < 3; run++) {
      const mixer = startMixer();
      mixer.send({ kind: "start", format: FORMAT, zeroMs });
      mixer.send(...solo("a", server.url));
      await mixer.event("source-on-air");
      // Events and pictures come on ways of their own.
      await mixer.until(() => pictures(mixer).length > 0);
      expect(pictures(mixer)[0]!.index).toBeGreaterThan(lastIndex);
      lastIndex = pictures(mixer).at(-1)!.index;
      await mixer.kill();
    }
  });

  test("ends by itself when its parent lets go of it", async () => {
    for (const letGo of [
      (mixer: MixerProcess) => mixer.child.disconnect(),
      (mixer: MixerProcess) => mixer.media?.destroy(),
    ]) {
      const mixer = startMixer();
      await mixer.event("ready");
      mixer.send({ kind: "start", format: FORMAT, zeroMs: systemClock.monotonicMs() });
      await mixer.until(() => pictures(mixer).length > 3);
      const ended = once(mixer.child, "exit");
      letGo(mixer);
      expect(await ended).toEqual([0, null]);
    }
  });
});

describe("hostile sources", () => {
  let media: FlvTag[];
  beforeAll(async () => {
    media = await makeMedia({ width: 320, height: 180, fps: 30, seconds: 5, bFrames: 2, gop: 10 });
  }, 60_000);

  test("flipped, cut, random and concatenated packets never end the process", async () => {
    const random = randomFrom(7);
    const bodies = Array.from({ length: 6 }, () =>
      Buffer.concat([flvHeader(), ...media.map((tag) => tagBytes(damage(tag, random)))]),
    );
    const mixer = startMixer();
    mixer.send({ kind: "start", format: FORMAT, zeroMs: systemClock.monotonicMs() });
    for (const [i, body] of bodies.entries()) {
      mixer.send(...solo(`bad${i}`, await serveBytes(body)));
      const after = mixer.events.length + 1;
      await mixer.until(() => mixer.events.length > after);
    }
    const server = await startPublisher();
    mixer.send(...solo("good", server.url));
    await mixer.until(() => mixer.events.some((event) => event.kind === "source-on-air" && event.sourceId === "good"));
    expect(mixer.child.exitCode).toBeNull();
    await mixer.until(() => (lastStats(mixer)?.decodeErrors ?? 0) > 0);
  });

  test("a picture larger than allowed and a codec that is none are refused by name", async () => {
    const huge = await makeMedia({ width: 4400, height: 2400, fps: 1, seconds: 4, gop: 1 });
    const mixer = startMixer();
    mixer.send(...solo("huge", await serveBytes(Buffer.concat([flvHeader(), ...huge.map(tagBytes)])), 1));
    expect(await mixer.event("source-lost")).toMatchObject({
      sourceId: "huge",
      reason: expect.stringMatching(/undecodable|size/),
    });
    const vp6 = tagBytes({ type: "video", timestampMs: 0, data: Buffer.from([0x14, 1, 2, 3]) });
    mixer.send(...solo("vp6", await serveBytes(Buffer.concat([flvHeader(), vp6]))));
    await mixer.until(() => mixer.events.some((event) => event.kind === "source-lost" && event.sourceId === "vp6"));
    expect(mixer.events.at(-1)).toMatchObject({ reason: "video: FLV codec 4 is not supported" });
  }, 60_000);
});

/** A tag as a broken or hostile publisher might send it; half stay whole. */
function damage(tag: FlvTag, random: () => number): FlvTag {
  const kind = random();
  if (kind < 0.5 || tag.type === "script") return tag;
  const data = Buffer.from(tag.data);
  const head = tag.type === "video" ? 5 : 2;
  if (kind < 0.75) {
    for (let i = 0; i < 1 + random() * 20; i++) {
      const at = head + Math.floor(random() * Math.max(1, data.length - head));
      if (at < data.length) data[at] = data.readUInt8(at) ^ (1 << Math.floor(random() * 8));
    }
    return { ...tag, data };
  }
  if (kind < 0.85) return { ...tag, data: data.subarray(0, Math.floor(random() * data.length)) };
  if (kind < 0.95) return { ...tag, data: data.fill(Math.floor(random() * 256), head) };
  return { ...tag, data: Buffer.concat([data, data.subarray(head), data.subarray(head)]) };
}
