import type { StageTrack } from "@lianmai/ingest/signalling";
import { expect, it } from "vitest";
import { programmeSizes } from "./programme-sizes.ts";

const TRACKS: readonly StageTrack[] = [
  { mid: "s0", participantId: "mei", slot: "camera", kind: "audio" },
  { mid: "s1", participantId: "mei", slot: "camera", kind: "video" },
  { mid: "s2", participantId: "li", slot: "screen", kind: "video" },
  { mid: "s3", participantId: "program", slot: "camera", kind: "video" },
];

it("while the programme is shown, its own size counts, and the others' pictures are not asked for", () => {
  expect(programmeSizes(TRACKS, 353)).toEqual([
    { participantId: "mei", slot: "camera", height: 0 },
    { participantId: "li", slot: "screen", height: 0 },
    { participantId: "program", slot: "camera", height: 360 },
  ]);
});
