/** The slate and the stage take turns in the same memory. */
import { parseVideoTag } from "@lianmai/ingest/flv";
import { expect, test } from "vitest";
import { VideoDecoder } from "../av/video-decoder.ts";
import { makeMedia } from "../harness/make-media.ts";
import { Overlays } from "../overlay/overlays.ts";
import type { Scene } from "../picture/scene.ts";
import { ProgramPictureMaker } from "./program-picture-maker.ts";

const FORMAT = { width: 320, height: 180, fps: 30 };
const TURN = 60;

test("between tiles is the stage again after each slate, never what the slate left there", async () => {
  const tags = await makeMedia({ width: 160, height: 90, fps: 10, seconds: 1, firstNumber: 1 });
  const videos = tags.filter(({ type }) => type === "video").map(({ data }) => parseVideoTag(data));
  const config = videos.find((video) => video.kind === "config");
  const frame = videos.find((video) => video.kind === "frame");
  if (config?.kind !== "config" || frame?.kind !== "frame") throw new Error("no picture");
  const decoder = new VideoDecoder({ codec: config.codec, config: config.config, threads: 1 });
  decoder.send(frame.data, 0);
  decoder.finish();
  const shown = decoder.receive();
  if (!shown) throw new Error("no picture");
  const scene: Scene = {
    tiles: [{ sourceId: "a", rect: { x: 16, y: 16, width: 128, height: 72 }, fill: 1 }],
    background: "stage",
  };
  const overlays = new Overlays({ paint: () => {}, close: () => {} });
  const maker = new ProgramPictureMaker(FORMAT, { overlays, slateWeight: 1 });
  const corners = new Set<number>();
  let slates = 0;
  for (let at = 0; at < 6 * TURN; at += 1) {
    const wantsSlate = Math.floor(at / TURN) % 2 === 1;
    const pictures = new Map([["a", shown]]);
    const made = maker.make({ scene, pictures, isChanged: true, wantsSlate, dueMs: (at * 1_000) / FORMAT.fps });
    if (maker.slateWeight === 0) corners.add(made?.bytes[FORMAT.width * 170 + 300] ?? -1);
    else slates += 1;
    made?.release();
  }
  expect([...corners]).toEqual([24]);
  expect(slates).toBeGreaterThan(TURN);
  maker.close();
  shown.release();
  decoder.close();
});
