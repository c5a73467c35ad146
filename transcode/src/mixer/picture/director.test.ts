import { expect, test } from "vitest";
import type { LayoutChoice } from "../../layout/document.ts";
import { planLayout } from "../../layout/plan-layout.ts";
import { MOVE_MS, SceneDirector } from "./director.ts";
import type { Scene } from "./scene.ts";

const canvas = { width: 1280, height: 720 };
const nothing = () => ({ isAvatar: false, isSpeaking: false });

const staging = (ids: readonly string[], choice: LayoutChoice = { kind: "auto" }) => ({
  layout: planLayout(
    ids.map((id) => ({ id, name: id, hasCamera: true, hasScreen: false, isMuted: false })),
    { choice, room: "r", canvas },
  ),
  cast: ids.map((id) => ({ room: "r", participantId: id, slot: "camera" as const, sourceId: `s-${id}` })),
});

const rectOf = (scene: Scene, id: string) => scene.tiles.find(({ sourceId }) => sourceId === `s-${id}`)?.rect;

test("the first layout is there at once; the next one is reached gently, on even pixels, and then rests", () => {
  const director = new SceneDirector();
  director.direct(staging(["a"]), 1_000);
  expect(rectOf(director.sceneAt(1_000, nothing), "a")).toEqual({ x: 0, y: 0, ...canvas });
  director.direct(staging(["a", "b"]), 2_000);
  const widths: number[] = [];
  for (let atMs = 2_000; atMs <= 2_000 + MOVE_MS; atMs += 33) {
    const scene = director.sceneAt(atMs, nothing);
    for (const { rect } of scene.tiles) expect(Object.values(rect).every((value) => value % 2 === 0)).toBe(true);
    for (const { rect } of scene.tiles) expect(rect.x + rect.width).toBeLessThanOrEqual(canvas.width);
    widths.push(rectOf(scene, "a")?.width ?? 0);
  }
  expect(widths[0]).toBe(1280);
  expect(widths.slice(1).every((width, i) => width <= (widths[i] ?? 0))).toBe(true);
  const rest = director.sceneAt(2_000 + MOVE_MS, nothing);
  expect(rest.tiles.map(({ rect, opacity }) => [rect.width, opacity])).toEqual([
    [624, 1],
    [624, 1],
  ]);
});

test("who comes fades in, who goes fades out behind the others and is gone", () => {
  const director = new SceneDirector();
  director.direct(staging(["a", "b"]), 0);
  director.direct(staging(["a", "c"]), 1_000);
  const half = director.sceneAt(1_000 + MOVE_MS / 2, nothing);
  expect(half.tiles.map(({ sourceId }) => sourceId)).toEqual(["s-b", "s-a", "s-c"]);
  expect(half.tiles.map(({ opacity }) => opacity)).toEqual([0.5, 1, 0.5]);
  expect(director.sceneAt(1_000 + MOVE_MS, nothing).tiles.map(({ sourceId }) => sourceId)).toEqual(["s-a", "s-c"]);
});

test("a change in the middle of a move goes on from where the tiles are", () => {
  const director = new SceneDirector();
  director.direct(staging(["a"]), 0);
  director.direct(staging(["a", "b"]), 1_000);
  const before = rectOf(director.sceneAt(1_200, nothing), "a");
  director.direct(staging(["a", "b"], { kind: "picture-in-picture" }), 1_200);
  expect(rectOf(director.sceneAt(1_200, nothing), "a")).toEqual(before);
});

test("another source or another name in the same places moves nothing", () => {
  const director = new SceneDirector();
  director.direct(staging(["a", "b"]), 0);
  const { layout, cast } = staging(["a", "b"]);
  director.direct({ layout, cast: cast.map((each) => ({ ...each, sourceId: `${each.sourceId}2` })) }, 1_000);
  expect(director.isMoving(1_000)).toBe(false);
  expect(director.sceneAt(1_000, nothing).tiles.map(({ sourceId }) => sourceId)).toEqual(["s-a2", "s-b2"]);
});
