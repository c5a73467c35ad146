/** Real decoded pictures in scenes of one to nine tiles, read back by their bar codes. */
import { parseVideoTag } from "@lianmai/ingest/flv";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Picture, VideoDecoder } from "../av/video-decoder.ts";
import { readBarCode } from "../harness/bar-code.ts";
import { makeMedia } from "../harness/make-media.ts";
import { Compositor } from "./compose.ts";
import { ProgramPictures } from "./program-pictures.ts";
import type { Rect, Scene } from "./scene.ts";

const FORMAT = { width: 1280, height: 720, fps: 30 };
const pictures = new Map<string, Picture>();
const decoders: VideoDecoder[] = [];

beforeAll(async () => {
  const sizes = [
    [1280, 720],
    [640, 360],
    [320, 240],
    [426, 240],
    [854, 480],
    [160, 120],
    [640, 480],
    [202, 360],
    [360, 640],
  ] as const;
  await Promise.all(
    sizes.map(async ([width, height], i) => {
      const tags = await makeMedia({ width, height, fps: 10, seconds: 1, firstNumber: 1_000 + i });
      let decoder: VideoDecoder | null = null;
      for (const tag of tags.filter(({ type }) => type === "video")) {
        const video = parseVideoTag(tag.data);
        if (video.kind === "config")
          decoder = new VideoDecoder({ codec: video.codec, config: video.config, threads: 1 });
        else if (video.kind === "frame" && decoder && !pictures.has(`s${i}`)) {
          decoder.send(video.data, 0);
          const picture = decoder.receive();
          if (picture) pictures.set(`s${i}`, picture);
        }
      }
      if (decoder) decoders.push(decoder);
    }),
  );
}, 60_000);

afterAll(() => {
  for (const picture of pictures.values()) picture.release();
  for (const decoder of decoders) decoder.close();
});

/** n tiles on a grid, widths not multiples of 16 on purpose. */
function gridScene(count: number): Scene {
  const columns = Math.ceil(Math.sqrt(count));
  const width = Math.floor(FORMAT.width / columns / 2) * 2;
  const height = Math.floor(FORMAT.height / Math.ceil(count / columns) / 2) * 2;
  return {
    tiles: Array.from({ length: count }, (_, i) => ({
      sourceId: `s${i}`,
      rect: { x: (i % columns) * width, y: Math.floor(i / columns) * height, width, height },
      fill: 0,
    })),
  };
}

describe("compose", () => {
  for (const count of [1, 2, 4, 9]) {
    test(`${count} tiles: each source is whole in its place and nothing is drawn outside`, () => {
      const target = new ProgramPictures(FORMAT, { most: 1 }).take();
      const compositor = new Compositor(FORMAT);
      const scene = gridScene(count);
      compositor.compose(scene, pictures, target!);
      for (const { sourceId, rect } of scene.tiles) {
        const picture = pictures.get(sourceId)!;
        const code = readBarCode(target!.data[0]!, { stride: FORMAT.width, area: fitted(picture, rect) });
        expect(code).toEqual({ number: 1_000 + Number(sourceId.slice(1)), isFlash: true });
      }
      compositor.close();
    });
  }

  test("rows right of a narrow tile stay black whatever its width", () => {
    const compositor = new Compositor(FORMAT);
    for (let width = 32; width <= 128; width += 2) {
      const target = new ProgramPictures(FORMAT, { most: 1 }).take()!;
      target.bytes.fill(77);
      compositor.compose(
        { tiles: [{ sourceId: "s1", rect: { x: 100, y: 100, width, height: 96 }, fill: 1 }] },
        pictures,
        target,
      );
      for (let y = 90; y < 210; y++) {
        const row = target.data[0]!.subarray(y * FORMAT.width, (y + 1) * FORMAT.width);
        expect(row.subarray(0, 100).every((value) => value === 16)).toBe(true);
        expect(row.subarray(100 + width).every((value) => value === 16)).toBe(true);
      }
    }
    compositor.close();
  });

  test("tiles are drawn from back to front, absent sources leave black", () => {
    const compositor = new Compositor(FORMAT);
    const target = new ProgramPictures(FORMAT, { most: 1 }).take()!;
    const whole: Rect = { x: 0, y: 0, width: 1280, height: 720 };
    const corner: Rect = { x: 900, y: 500, width: 320, height: 180 };
    const tiles = [whole, corner].map((rect, i) => ({ sourceId: `s${i}`, rect, fill: 0 }));
    compositor.compose({ tiles: [...tiles, { sourceId: "nobody", rect: whole, fill: 1 }] }, pictures, target);
    expect(readBarCode(target.data[0]!, { stride: 1280, area: corner })?.number).toBe(1_001);
    compositor.compose({ tiles: [{ sourceId: "nobody", rect: whole, fill: 1 }] }, pictures, target);
    expect(target.data[0]!.every((value) => value === 16)).toBe(true);
    compositor.close();
  });

  test("the same memory again shows what a new one does, whatever was drawn in it before", () => {
    const places = (rect: Rect, opacity = 1): Scene => ({
      tiles: [
        { sourceId: "s1", rect, fill: 1, opacity },
        { sourceId: "s3", rect: { x: 700, y: 8, width: 400, height: 224 }, fill: 1 },
      ],
      background: "stage",
    });
    const left = { x: 8, y: 8, width: 608, height: 342 };
    const low = { x: 200, y: 300, width: 416, height: 234 };
    const alone: Scene = { tiles: places(left).tiles.slice(0, 1) };
    const scenes = [
      places(left),
      places(left),
      alone,
      places(low),
      places(left, 0.5),
      places(left),
      gridScene(4),
      places(left),
    ];
    const compositor = new Compositor(FORMAT);
    const again = new ProgramPictures(FORMAT, { most: 1 }).take()!;
    for (const scene of scenes) {
      const fresh = new ProgramPictures(FORMAT, { most: 1 }).take()!;
      compositor.compose(scene, pictures, again);
      compositor.compose(scene, pictures, fresh);
      expect(again.bytes.equals(fresh.bytes)).toBe(true);
    }
    compositor.close();
  });
});

function fitted(picture: Picture, rect: Rect): Rect {
  const scale = Math.min(rect.width / picture.width, rect.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { x: rect.x + (rect.width - width) / 2, y: rect.y + (rect.height - height) / 2, width, height };
}
