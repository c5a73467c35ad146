import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { Value } from "typebox/value";
import { describe, expect, test } from "vitest";
import { type LayoutKind, type LayoutTile, layoutDocumentSchema } from "./document.ts";
import { decideKind, type LayoutParticipant, planLayout } from "./plan-layout.ts";

const KINDS: readonly LayoutKind[] = ["solo", "side-by-side", "picture-in-picture", "grid", "screen", "audio-room"];
const CANVASES = { "1280x720": { width: 1280, height: 720 }, "720x1280": { width: 720, height: 1280 } };

const people = (count: number, change: Partial<LayoutParticipant> = {}): LayoutParticipant[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `p${i}`,
    name: `N${i}`,
    hasCamera: true,
    hasScreen: false,
    isMuted: false,
    ...change,
  }));

/** One line a tile: easier to review than JSON, and to draw on paper. */
const line = (tile: LayoutTile): string =>
  `  ${tile.participantId} ${tile.media} ${tile.x},${tile.y} ${tile.width}x${tile.height} ${tile.fit} ${tile.shape} ${tile.label}`;

describe("golden layouts", () => {
  for (const [name, canvas] of Object.entries(CANVASES)) {
    test(name, async () => {
      const lines = KINDS.flatMap((kind) =>
        [1, 2, 3, 4, 5, 7, 9].flatMap((count) => {
          const participants = people(count).map((one, i) => ({ ...one, hasScreen: kind === "screen" && i === 0 }));
          const document = planLayout(participants, { choice: { kind }, room: "r", canvas });
          return [`${kind}, ${count} on stage: ${document.kind}`, ...document.tiles.map(line)];
        }),
      );
      const file = fileURLToPath(new URL(`golden/${name}.txt`, import.meta.url));
      await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(file);
    });
  }
});

describe("what is decided", () => {
  test("automatic: by number, by screen, by who has a camera", () => {
    const auto = (participants: LayoutParticipant[]): LayoutKind => decideKind(participants, { kind: "auto" });
    expect([0, 1, 2, 3, 9].map((count) => auto(people(count)))).toEqual([
      "solo",
      "solo",
      "side-by-side",
      "grid",
      "grid",
    ]);
    expect(auto(people(3, { hasScreen: true }))).toBe("screen");
    expect(auto(people(3, { hasCamera: false }))).toBe("audio-room");
    expect(auto([...people(1), ...people(1, { hasCamera: false })])).toBe("side-by-side");
  });

  test("a choice that does not fit becomes the next best", () => {
    expect(decideKind(people(4), { kind: "side-by-side" })).toBe("grid");
    expect(decideKind(people(1), { kind: "picture-in-picture" })).toBe("solo");
    expect(decideKind(people(2), { kind: "screen" })).toBe("side-by-side");
  });

  test("the focused participant has the large place; one who has left has none", () => {
    const options = { room: "r", canvas: CANVASES["1280x720"] };
    const kind = "picture-in-picture" as const;
    const first = (focus: string): string | undefined =>
      planLayout(people(3), { ...options, choice: { kind, focus } }).tiles[0]?.participantId;
    expect(first("p2")).toBe("p2");
    expect(first("gone")).toBe("p0");
  });
});

test("every layout is valid, on the canvas, on the scaler's steps, and shows each participant once", () => {
  const participant = fc.record({ hasCamera: fc.boolean(), hasScreen: fc.boolean() });
  const side = fc.integer({ min: 90, max: 1_080 }).map((half) => half * 2);
  fc.assert(
    fc.property(
      fc.array(participant, { minLength: 1, maxLength: 12 }),
      fc.record({ width: side, height: side }),
      fc.constantFrom("auto" as const, ...KINDS),
      (stage, canvas, kind) => {
        const participants = stage.map((one, i) => ({ id: `p${i}`, name: "n", isMuted: false, ...one }));
        const document = planLayout(participants, { choice: { kind }, room: "r", canvas });
        expect(Value.Check(layoutDocumentSchema, document)).toBe(true);
        for (const { x, y, width, height } of document.tiles) {
          expect([x % 2, y % 2, height % 2, width === canvas.width ? 0 : width % 16]).toEqual([0, 0, 0, 0]);
          expect(x + width).toBeLessThanOrEqual(canvas.width);
          expect(y + height).toBeLessThanOrEqual(canvas.height);
        }
        const faces = document.tiles
          .filter(({ media }) => media !== "screen")
          .map(({ participantId }) => participantId);
        expect(new Set(faces).size).toBe(faces.length);
        if (document.kind !== "solo") expect(faces.length).toBe(Math.min(9, participants.length));
        const flat = document.kind === "picture-in-picture" ? document.tiles.slice(1) : document.tiles;
        for (const [i, a] of flat.entries()) for (const b of flat.slice(i + 1)) expect(overlap(a, b)).toBe(false);
      },
    ),
  );
});

test("two rooms' stages share a canvas", () => {
  const canvas = CANVASES["1280x720"];
  const halves = [0, 640].map((x, i) =>
    planLayout(people(4), {
      choice: { kind: "auto" },
      room: `r${i}`,
      canvas,
      area: { x, y: 0, width: 640, height: 720 },
    }),
  );
  const document = { ...halves[0], tiles: halves.flatMap(({ tiles }) => tiles) };
  expect(Value.Check(layoutDocumentSchema, document)).toBe(true);
  expect(document.tiles.filter(({ room }) => room === "r1").every(({ x }) => x >= 640)).toBe(true);
});

const overlap = (a: LayoutTile, b: LayoutTile): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
