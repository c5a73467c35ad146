import { execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Session } from "../protocol/api.ts";
import type { ActDone, Upload } from "../protocol/moderation.ts";
import { speakerOf, startTestModeration, type TestHall, type TestModeration } from "../testing/moderation.ts";
import { eventually } from "../testing/redis.ts";
import { examine, MAX_UPLOAD_BYTES } from "./examine.ts";

let stage: TestModeration;
let hall: TestHall;
let photo: Buffer;
beforeAll(async () => {
  stage = await startTestModeration();
  photo = await sharp({ create: { width: 320, height: 200, channels: 3, background: "#c43" } })
    .jpeg()
    .withExif({ IFD0: { Artist: "somebody at home" }, IFD3: { GPSLatitude: "52/1 31/1 0/1" } })
    .toBuffer();
});
afterAll(() => stage.stop());
beforeEach(async () => {
  hall = await stage.hall();
});

const bring = async (who: Session | undefined, kind: string, bytes: Uint8Array, type = "application/octet-stream") => {
  const answer = await fetch(`${stage.edge.url}/api/v1/rooms/${hall.slug}/uploads?kind=${kind}`, {
    method: "POST",
    headers: { "content-type": type, ...(who && { authorization: `Bearer ${who.token}` }) },
    body: new Uint8Array(bytes),
  });
  return { status: answer.status, body: (await answer.json()) as Upload & { code: string } };
};
const show = (who: Session, upload: string, cid = `cid-${randomUUID()}`) =>
  stage.talk.log.publish(hall.roomId, speakerOf(who), { cid, kind: "image", body: { upload, width: 9_999 } });
const get = (path: string) => fetch(stage.edge.url + path);

/** A PNG whose header claims a size, with as much data as is given. */
function png(width: number, height: number, rows: Buffer): Buffer {
  const crc = (bytes: Buffer) => {
    let sum = 0xffffffff;
    for (const byte of bytes) {
      sum ^= byte;
      for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
    }
    return (sum ^ 0xffffffff) >>> 0;
  };
  const chunk = (name: string, content: Buffer) => {
    const named = Buffer.concat([Buffer.from(name), content]);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(content.length);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc(named));
    return Buffer.concat([size, named, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

describe("a picture", () => {
  it("is written anew without its metadata, served by a signed address, shown by one message of its owner", async () => {
    const { status, body } = await bring(hall.ann, "image", photo);
    expect([status, body.type, body.width, body.height]).toEqual([201, "image/webp", 320, 200]);
    const served = await get(body.url);
    const bytes = Buffer.from(await served.arrayBuffer());
    const { exif, format } = await sharp(bytes).metadata();
    expect([served.status, format, exif, bytes.includes("somebody")]).toEqual([200, "webp", undefined, false]);
    expect(served.headers.get("content-security-policy")).toContain("sandbox");
    expect(served.headers.get("x-content-type-options")).toBe("nosniff");
    const cid = `cid-${randomUUID()}`;
    expect(await show(hall.ann, body.id, cid)).toMatchObject({ ok: true });
    expect(await show(hall.ann, body.id, cid)).toMatchObject({ ok: true, repeated: true });
    expect(await show(hall.ann, body.id)).toMatchObject({ ok: false, code: "invalid" });
    expect(await show(hall.mo, body.id)).toMatchObject({ ok: false, code: "invalid" });
    const entry = await eventually(() => stage.talk.log.find(hall.roomId, cid));
    expect(entry.body).toMatchObject({ upload: body.id, type: "image/webp", width: 320, height: 200 });
  });

  it("goes with its message, comes back with it, and goes with a purge", async () => {
    const { body } = await bring(hall.ann, "image", photo);
    const cid = `cid-${randomUUID()}`;
    await show(hall.ann, body.id, cid);
    await eventually(() => stage.talk.log.find(hall.roomId, cid));
    const entry = `/api/v1/rooms/by-id/${hall.roomId}/uploads/${body.id}`;
    expect((await get(entry)).status).toBe(200);
    const withdrawn = await eventually(async () => {
      const answer = await hall.act(hall.mo, { act: "delete", target: cid });
      return answer.status === 200 && answer;
    });
    expect([(await get(entry)).status, (await get(body.url)).status]).toEqual([404, 404]);
    await hall.call<ActDone>(hall.mo, "POST", "/moderation/undo", { auditId: withdrawn.body.auditId });
    expect((await get(body.url)).status).toBe(200);
    await hall.act(hall.mo, { act: "purge", user: hall.ann.user.id });
    expect((await get(body.url)).status).toBe(404);
  });

  it("is not served by a forged or old address", async () => {
    const { body } = await bring(hall.ann, "image", photo);
    const url = new URL(stage.edge.url + body.url);
    for (const [name, value] of [
      ["e", String(Date.now() + 9e9)],
      ["e", "1"],
      ["s", "AAAAAAAAAAAAAAAAAAAAAA"],
      ["s", ""],
    ]) {
      const forged = new URL(url);
      forged.searchParams.set(name ?? "", value ?? "");
      expect((await fetch(forged)).status).toBe(404);
    }
  });
});

describe("a voice note", () => {
  const recorded = (...args: string[]) =>
    execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "sine=duration=2", ...args, "pipe:1"]);

  it.each([
    ["MP3", ["-f", "mp3"]],
    ["WebM", ["-c:a", "libopus", "-f", "webm"]],
    ["Ogg", ["-c:a", "libopus", "-f", "ogg"]],
    ["MP4", ["-c:a", "aac", "-movflags", "frag_keyframe+empty_moov", "-f", "mp4"]],
  ])("recorded as %s is written anew as Opus without what it said of its maker", async (_name, args) => {
    const note = recorded("-metadata", "title=recorded at home", ...args);
    expect(note.includes("recorded at home")).toBe(true);
    const { status, body } = await bring(hall.ann, "voice", note);
    expect([status, body.type]).toEqual([201, "audio/webm"]);
    const served = Buffer.from(await (await get(body.url)).arrayBuffer());
    expect([served.includes("recorded at home"), served.includes("A_OPUS"), served.length > 1_000]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it("that only begins like one is refused", async () => {
    for (const head of ["OggS", "\u001aE\u00df\u00a3", "ID3"]) {
      const fake = Buffer.concat([Buffer.from(head, "latin1"), randomBytes(4_000)]);
      expect((await bring(hall.ann, "voice", fake)).status).toBe(422);
    }
  });
});

describe("refusals", () => {
  it("name what does not fit", async () => {
    const refused = async (...parameters: Parameters<typeof bring>) => {
      const { status, body } = await bring(...parameters);
      return [status, body.code];
    };
    expect(await refused(undefined, "image", photo)).toEqual([401, "not-signed-in"]);
    expect(await refused(hall.ann, "image", photo, "image/png")).toEqual([415, "unsupported-media-type"]);
    expect(await refused(hall.ann, "image", Buffer.alloc(0))).toEqual([422, "upload-unfit"]);
    expect(await refused(hall.ann, "image", Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"))).toEqual([
      422,
      "upload-unfit",
    ]);
    expect(await refused(hall.ann, "voice", photo)).toEqual([422, "upload-unfit"]);
    expect(await refused(hall.ann, "file", Buffer.from("hello"))).toEqual([403, "upload-refused"]);
    expect(await refused(hall.ann, "image", Buffer.alloc(MAX_UPLOAD_BYTES.file + 1))).toEqual([413, "body-too-large"]);
    expect((await bring(hall.mo, "file", Buffer.from("notes, 笔记\n"))).body.type).toContain("text/plain");
    await hall.call(hall.mo, "PATCH", "/moderation/modes", { media: false });
    expect(await refused(hall.ann, "image", photo)).toEqual([403, "upload-refused"]);
    await hall.act(hall.mo, { act: "mute", user: hall.ann.user.id, durationMs: 0 });
    expect(await refused(hall.ann, "image", photo)).toEqual([403, "muted"]);
  });

  it("end somewhere: a person has so many a day", async () => {
    const tiny = await sharp({ create: { width: 2, height: 2, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    const codes: (string | undefined)[] = [];
    for (let at = 0; at < 61; at += 1) codes.push((await bring(hall.ann, "image", tiny)).body.code);
    expect([codes.filter((code) => code === undefined).length, codes.at(-1)]).toEqual([60, "quota-reached"]);
  });
});

describe("any bytes", () => {
  it("that unfold to more than they may are refused unread", async () => {
    expect(await examine("image", png(60_000, 60_000, Buffer.alloc(1_000_000)))).toBeUndefined();
    expect(await examine("image", png(6_000, 7_000, Buffer.alloc(6_000 * 3 + 1)))).toBeUndefined();
  });

  it("are refused or made a bounded picture, never a failure", async () => {
    const seeds = [
      photo,
      await sharp(photo).png().toBuffer(),
      await sharp(photo).webp().toBuffer(),
      await sharp(photo).gif().toBuffer(),
    ];
    const broken = fc
      .tuple(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 12 }),
        fc.nat(),
      )
      .map(([seed, changes, cut]) => {
        const bytes = Buffer.from(seed);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
      });
    const noise = fc.integer({ min: 0, max: 4_096 }).map((size) => randomBytes(size));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(broken, noise),
        fc.constantFrom("image" as const, "voice" as const, "file" as const),
        async (bytes, kind) => {
          const content = await examine(kind, bytes);
          if (kind !== "image" || !content) return;
          expect(content.type).toBe("image/webp");
          expect(Math.max(content.width ?? 0, content.height ?? 0)).toBeLessThanOrEqual(1_600);
        },
      ),
      { numRuns: 400, seed: 11 },
    );
  });
});
