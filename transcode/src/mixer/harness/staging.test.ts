/** A stage on a virtual clock: guests come, go, freeze and change while the layout changes; nobody else notices. */
import { beforeAll, describe, expect, test } from "vitest";
import type { LayoutChoice } from "../../layout/document.ts";
import { planLayout } from "../../layout/plan-layout.ts";
import { MOVE_MS } from "../picture/director.ts";
import { placeInRect, type Rect } from "../picture/scene.ts";
import type { ProgramStage } from "../program/program-engine.ts";
import { makeRtpMedia, type RtpMedia } from "./make-rtp-media.ts";
import { rtpArrivals } from "./rtp-network.ts";
import { toneTimes } from "./tones.ts";
import { VirtualProgram } from "./virtual-program.ts";

const FORMAT = { width: 640, height: 360, fps: 30 };
const ZERO_MS = 100_000;
const SECONDS = 24;
let media: RtpMedia[];

beforeAll(async () => {
  const options = { width: 320, height: 180, fps: 30, seconds: SECONDS, gop: 30 } as const;
  media = await Promise.all([
    makeRtpMedia({ codec: "h264", ...options, hz: 1_000 }),
    makeRtpMedia({ codec: "vp8", ...options, hz: 1_400 }),
    makeRtpMedia({ codec: "h264", ...options, hz: 1_800, width: 160, height: 90 }),
  ]);
}, 60_000);

interface Person {
  readonly id: string;
  readonly hasCamera?: boolean;
  readonly isAway?: boolean;
  readonly gain?: number;
}

/** Those on stage, in this layout. */
function stageOf(people: readonly Person[], choice: LayoutChoice = { kind: "auto" }): ProgramStage {
  const participants = people.map(({ id, hasCamera = true, gain = 1 }) => ({
    ...{ id, name: id, hasScreen: false, hasCamera, isMuted: gain === 0 },
  }));
  const layout = planLayout(participants, { choice, room: "r", canvas: FORMAT });
  return {
    // Cropped bar codes could not be read.
    layout: { ...layout, tiles: layout.tiles.map((tile) => ({ ...tile, fit: "contain" as const })) },
    cast: people
      .filter(({ isAway }) => !isAway)
      .map(({ id }) => ({ room: "r", participantId: id, slot: "camera" as const, sourceId: id })),
    gains: new Map(people.map(({ id, gain = 1 }) => [id, gain])),
  };
}

/** Where a participant's picture stands when the layout has come to rest. */
function areaOf(stage: ProgramStage, id: string): Rect {
  const tile = stage.layout.tiles.find(({ participantId }) => participantId === id);
  if (!tile) throw new Error(`${id} is not seen`);
  return placeInRect({ width: 320, height: 180, pixelAspect: 1 }, { rect: tile, fill: 0 }).target;
}

function startProgram(watch: readonly Rect[] = []): VirtualProgram {
  return new VirtualProgram({ format: FORMAT, zeroMs: ZERO_MS, watch });
}

function join(
  program: VirtualProgram,
  id: string,
  options: { which: number; atMs?: number; untilMs?: number; addMs?: number },
): void {
  const { which, atMs = 0, untilMs = SECONDS * 1_000, addMs = atMs } = options;
  const source = program.rtpSource(id);
  const network = { startMs: ZERO_MS + atMs, seconds: (untilMs - atMs) / 1_000, jitterMs: 8, seed: which };
  program.at(ZERO_MS + addMs, () => program.engine.addSource(source));
  program.receive(source, rtpArrivals(media[which] as RtpMedia, network));
}

const shotAt = (program: VirtualProgram, second: number) => program.pictures[Math.round(second * 30)];

describe("a stage", () => {
  test("joining, leaving and every layout: the program has each picture and each sound once, and the host never skips", () => {
    const host = { id: "host" };
    const stages: readonly (readonly [number, ProgramStage])[] = [
      [0, stageOf([host])],
      [7_000, stageOf([host, { id: "a" }])],
      [10_000, stageOf([host, { id: "a" }, { id: "b" }])],
      [13_000, stageOf([host, { id: "a" }, { id: "b" }], { kind: "picture-in-picture" })],
      [16_000, stageOf([host, { id: "b" }], { kind: "grid" })],
      [19_000, stageOf([host])],
    ];
    const areas = stages.map(([, stage]) => areaOf(stage, "host"));
    const program = startProgram(areas);
    join(program, "host", { which: 0 });
    join(program, "a", { which: 1, atMs: 6_500, untilMs: 16_000 });
    join(program, "b", { which: 2, atMs: 9_800, untilMs: 19_000 });
    for (const [atMs, stage] of stages) program.at(ZERO_MS + atMs, () => program.engine.setStage(stage));
    program.at(ZERO_MS + 16_000, () => program.engine.removeSource("a"));
    program.at(ZERO_MS + 19_000, () => program.engine.removeSource("b"));
    program.run(ZERO_MS + 23_000);
    program.engine.close();
    expect(program.pictures.map(({ index }) => index)).toEqual(program.pictures.map((_, i) => i));
    expect(program.sound.map(({ index }) => index)).toEqual(program.sound.map((_, i) => i));
    for (const [i, [fromMs]] of stages.entries()) {
      const restMs = Math.max(fromMs + MOVE_MS + 50, 5_000);
      const endMs = stages[i + 1]?.[0] ?? 23_000;
      const rest = program.pictures.filter(({ index }) => index * 33.4 > restMs && index * 33.3 < endMs);
      const numbers = rest.map(({ tiles }) => tiles[i]?.number ?? Number.NaN);
      expect(numbers.slice(1).map((number, k) => number - (numbers[k] ?? 0))).toEqual(numbers.slice(1).map(() => 1));
    }
    // Across each switch, too: as many numbers as pictures have gone by.
    const isMoving = (atMs: number): boolean =>
      stages.some(([fromMs]) => atMs > fromMs - 50 && atMs < fromMs + MOVE_MS + 50);
    const seen = program.pictures.flatMap(({ index, tiles }) => {
      const atMs = (index * 1_000) / 30;
      const number = tiles[stages.findLastIndex(([fromMs]) => atMs > fromMs)]?.number;
      return atMs < 5_000 || isMoving(atMs) || number === undefined ? [] : [number - index];
    });
    expect(new Set(seen).size).toBe(1);
    const beeps = toneTimes(program.sound, 1_000).filter((atMs) => atMs > 5_000);
    expect(beeps.length).toBeGreaterThan(16);
    for (const [k, atMs] of beeps.slice(1).entries()) expect(Math.abs(atMs - (beeps[k] ?? 0) - 1_000)).toBeLessThan(4);
    expect(program.layouts.map(({ kind }) => kind)).toEqual([
      ...["solo", "side-by-side", "grid", "picture-in-picture", "grid", "solo"],
    ]);
  });

  test("mute and hide are in the program with the next picture", () => {
    const both = stageOf([{ id: "host" }, { id: "a" }]);
    const program = startProgram([areaOf(both, "a")]);
    join(program, "host", { which: 0 });
    join(program, "a", { which: 1 });
    program.engine.setStage(both);
    program.at(ZERO_MS + 8_000, () => program.engine.setStage(stageOf([{ id: "host" }, { id: "a", gain: 0 }])));
    program.at(ZERO_MS + 14_000, () => {
      program.engine.setStage({ ...stageOf([{ id: "host" }]), gains: new Map([["a", 0]]) });
    });
    program.run(ZERO_MS + 18_000);
    program.engine.close();
    const beeps = toneTimes(program.sound, 1_400);
    expect(beeps.filter((atMs) => atMs > 2_000 && atMs < 7_900).length).toBe(6);
    expect(beeps.filter((atMs) => atMs > 8_100)).toEqual([]);
    expect(shotAt(program, 13)?.tiles[0]).not.toBeNull();
    expect(shotAt(program, 14.6)?.tiles[0]).toBeNull();
  });

  test("a guest who freezes is held, then shown as a face, and comes back; the host does not notice", () => {
    const both = stageOf([{ id: "host" }, { id: "a" }]);
    const program = startProgram([areaOf(both, "host"), areaOf(both, "a")]);
    join(program, "host", { which: 0 });
    join(program, "a", { which: 1, untilMs: 6_000 });
    program.engine.setStage(both);
    program.at(ZERO_MS + 12_000, () => program.engine.removeSource("a"));
    const back = program.rtpSource("a2");
    program.at(ZERO_MS + 12_000, () => {
      program.engine.addSource(back);
      const cast = both.cast.map((each) => (each.sourceId === "a" ? { ...each, sourceId: "a2" } : each));
      program.engine.setStage({ ...both, cast });
    });
    program.receive(back, rtpArrivals(media[1] as RtpMedia, { startMs: ZERO_MS + 12_200, seconds: 8 }));
    program.run(ZERO_MS + 18_000);
    program.engine.close();
    const a = (second: number) => shotAt(program, second)?.tiles[1];
    expect(a(7)?.number).toBe(a(8)?.number);
    expect(a(10)).toBeNull();
    expect(a(14)).not.toBeNull();
    const numbers = program.pictures.slice(90).map(({ tiles }) => tiles[0]?.number ?? Number.NaN);
    expect(numbers.slice(1).filter((number, k) => number - (numbers[k] ?? 0) !== 1)).toEqual([]);
    expect(program.events.map(({ text }) => text).filter((text) => text.startsWith("lost"))).toEqual(["lost: a: gone"]);
  });

  test("an audio room has no slate: its people are on air by their voices", () => {
    const program = startProgram();
    join(program, "host", { which: 0 });
    join(program, "a", { which: 1 });
    program.engine.setStage(
      stageOf([
        { id: "host", hasCamera: false },
        { id: "a", hasCamera: false },
      ]),
    );
    program.run(ZERO_MS + 6_000);
    program.engine.close();
    expect(program.layouts.map(({ kind }) => kind)).toEqual(["audio-room"]);
    expect(
      program.events
        .map(({ text }) => text)
        .filter((text) => !text.includes("format"))
        .toSorted(),
    ).toEqual(["on air: a", "on air: host"]);
    const levels = new Set(program.pictures.slice(90).map(({ meanLuma }) => Math.round(meanLuma * 10)));
    // Rings come and go with the beeps; nothing breathes as the slate does.
    expect(levels.size).toBeLessThan(8);
  });

  test("a mixer that takes over shows nothing before all pictures of the scene are there, and no slate", () => {
    const program = new VirtualProgram({
      format: FORMAT,
      zeroMs: ZERO_MS,
      holdMs: 1_000,
      watch: [areaOf(stageOf([{ id: "host" }, { id: "a" }]), "a")],
    });
    join(program, "host", { which: 0, atMs: 10, addMs: 0 });
    join(program, "a", { which: 1, atMs: 350, addMs: 0 });
    program.engine.setStage(stageOf([{ id: "host" }, { id: "a" }]));
    program.run(ZERO_MS + 3_000);
    program.engine.close();
    expect(program.pictures[0]?.index).toBeGreaterThan(10);
    expect(program.pictures[0]?.tiles[0]).not.toBeNull();
  });
});
