import { parse, setOptions } from "hls-parser";
import { describe, expect, test } from "vitest";
import { type MediaPlaylist, type PlaylistSegment, writeMediaPlaylist } from "./media-playlist.ts";

setOptions({ strictMode: true });

const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 600);

function segment(msn: number, options: Partial<PlaylistSegment> = {}): PlaylistSegment {
  return {
    uri: `s1-${msn}.m4s`,
    seconds: 1.99998,
    programDateTimeMs: START_MS + msn * 2_000,
    discontinuity: false,
    mapUri: null,
    gap: false,
    parts: [],
    ...options,
  };
}

const parts = (
  msn: number,
  count: number,
  options: { readonly gaps?: readonly number[]; readonly audio?: boolean } = {},
) =>
  Array.from({ length: count }, (_, at) => ({
    uri: `p1-${msn * 6 + at}.m4s`,
    seconds: [0.33333, 0.33334, 0.33333, 0.33333, 0.33334, 0.33331][at] ?? 0,
    independent: options.audio === true || (at % 3 === 0 && !options.gaps?.includes(at)),
    gap: options.gaps?.includes(at) ?? false,
  }));

const BASE: MediaPlaylist = {
  targetDurationSeconds: 2,
  partTargetSeconds: 1 / 3,
  mediaSequence: 10,
  discontinuitySequence: 0,
  skippedSegments: 0,
  segments: [
    segment(10, { mapUri: "i1.mp4" }),
    ...[11, 12, 13, 14, 15].map((msn) => segment(msn)),
    segment(16, { parts: parts(16, 6) }),
    segment(17, { parts: parts(17, 6) }),
    segment(18, { uri: null, parts: parts(18, 2) }),
  ],
  preloadHintUri: "p1-110.m4s",
  reports: [
    { uri: "../360p/media.m3u8", lastMsn: 18, lastPart: 1 },
    { uri: "../audio/media.m3u8", lastMsn: 18, lastPart: 2 },
  ],
  ended: false,
};

const CASES: ReadonlyArray<readonly [string, MediaPlaylist]> = [
  ["full", BASE],
  ["delta", { ...BASE, skippedSegments: 2, segments: BASE.segments.slice(2) }],
  ["segment-end", { ...BASE, segments: BASE.segments.slice(0, -1), preloadHintUri: "p1-108.m4s" }],
  [
    "audio",
    {
      ...BASE,
      segments: [...BASE.segments.slice(0, -1), segment(18, { uri: null, parts: parts(18, 3, { audio: true }) })],
    },
  ],
  ["ended", { ...BASE, segments: BASE.segments.slice(0, -1), preloadHintUri: null, ended: true }],
  [
    "discontinuity",
    {
      ...BASE,
      discontinuitySequence: 3,
      segments: [
        ...BASE.segments.slice(0, -2),
        segment(17, { discontinuity: true, mapUri: "i1-1.mp4", parts: parts(17, 6) }),
        segment(18, { uri: null, parts: parts(18, 2) }),
      ],
    },
  ],
  [
    "gap",
    {
      ...BASE,
      segments: [
        ...BASE.segments.slice(0, 5),
        segment(15, { gap: true }),
        segment(16, { gap: true, parts: parts(16, 6, { gaps: [0, 1, 2, 3, 4, 5] }) }),
        segment(17, { parts: parts(17, 6, { gaps: [0, 1] }) }),
        segment(18, { uri: null, parts: parts(18, 2) }),
      ],
    },
  ],
];

describe("writeMediaPlaylist", () => {
  test.each(CASES)("%s: the text is as reviewed, and a strict parser takes it", async (name, model) => {
    const text = writeMediaPlaylist(model);
    await expect(text).toMatchFileSnapshot(`golden/media-${name}.m3u8`);
    const parsed = parse(text);
    expect(parsed.isMasterPlaylist).toBe(false);
  });

  test("[B-BLOCK] [4.4.3.8-PHB] [4.4.3.8-HB] [4.4.3.8-SKIP] [4.4.3.7-PT] hold-backs, skip boundary and part target", () => {
    const text = writeMediaPlaylist({ ...BASE, partTargetSeconds: 7 / 30, targetDurationSeconds: 3 });
    const value = (name: string): number => Number(new RegExp(`[:,]${name}=([0-9.]+)`).exec(text)?.[1]);
    expect(value("PART-TARGET")).toBeGreaterThanOrEqual(7 / 30);
    expect(value("PART-HOLD-BACK")).toBeGreaterThanOrEqual(3 * value("PART-TARGET") - 1e-9);
    expect(value("HOLD-BACK")).toBeGreaterThanOrEqual(9);
    expect(value("CAN-SKIP-UNTIL")).toBeGreaterThanOrEqual(18);
  });

  test("[6.2.2-M12] [6.2.6-S6] no playlist type, at most one hint, and none after the end", () => {
    for (const [, model] of CASES) {
      const text = writeMediaPlaylist(model);
      expect(text).not.toContain("EXT-X-PLAYLIST-TYPE");
      expect(text.match(/EXT-X-PRELOAD-HINT/g)?.length ?? 0).toBe(model.ended ? 0 : 1);
    }
  });
});
