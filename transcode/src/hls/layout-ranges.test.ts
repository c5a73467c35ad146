import { expect, test } from "vitest";
import { planLayout } from "../layout/plan-layout.ts";
import { LayoutRanges } from "./layout-ranges.ts";
import { writeMediaPlaylist } from "./media-playlist.ts";

const layout = (...ids: readonly string[]) =>
  planLayout(
    ids.map((id) => ({ id, name: `${id} 嘉宾`, hasCamera: true, hasScreen: false, isMuted: false })),
    { choice: { kind: "auto" }, room: "r", canvas: { width: 1280, height: 720 } },
  );

test("a window has the layout it begins with and those that follow, each once", () => {
  const ranges = new LayoutRanges({ startedAtMs: 1_000_000, fps: 30 });
  ranges.add(0, layout("a"));
  ranges.add(30, layout("a", "b"));
  ranges.add(40, layout("a", "b"));
  ranges.add(90, layout("a"));
  expect(ranges.since(1_000_000).map(({ startMs }) => startMs)).toEqual([1_000_000, 1_001_000, 1_003_000]);
  expect(ranges.since(1_002_000).map(({ id }) => id)).toEqual(["layout-30", "layout-90"]);
  expect(ranges.since(9_000_000).map(({ id }) => id)).toEqual(["layout-90"]);
  expect(new LayoutRanges({ startedAtMs: 0, fps: 30 }).since(0)).toEqual([]);
});

test("a playlist carries them as date ranges that end with the next, and the document comes out as it went in", () => {
  const ranges = new LayoutRanges({ startedAtMs: 1_000_000, fps: 30 });
  const document = layout("a", "b");
  ranges.add(45, document);
  const text = writeMediaPlaylist({
    ...{ targetDurationSeconds: 4, partTargetSeconds: 0.333, mediaSequence: 0, discontinuitySequence: 0 },
    ...{ skippedSegments: 0, segments: [], preloadHintUri: null, reports: [], ended: false },
    dateRanges: ranges.since(0),
  });
  const line = text.split("\n").find((each) => each.startsWith("#EXT-X-DATERANGE:"));
  const [, attributes, value] = /^#EXT-X-DATERANGE:(.*),X-LAYOUT="([\w-]+)"$/.exec(line ?? "") ?? [];
  expect(attributes).toBe(
    'ID="layout-45",CLASS="lianmai.layout",START-DATE="1970-01-01T00:16:41.500Z",END-ON-NEXT=YES',
  );
  expect(JSON.parse(Buffer.from(value ?? "", "base64url").toString())).toEqual(document);
});
