import type { Clock } from "@lianmai/process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pictureBytes } from "./frames.ts";
import { Pacer } from "./pacer.ts";
import { PicturePool } from "./picture-pool.ts";

const format = { width: 16, height: 16, fps: 25 };
const FRAME_MS = 40;

function setUp(firstIndex = 50) {
  let nowMs = firstIndex * FRAME_MS;
  const clock: Clock = { monotonicMs: () => nowMs, wallMs: () => nowMs };
  const pictures: { readonly index: number; readonly shade: number | undefined }[] = [];
  const sounds: { readonly index: number; readonly silent: boolean }[] = [];
  const pacer = new Pacer({
    ...{ format, zeroMs: 0, firstIndex, clock, pool: new PicturePool() },
    sink: {
      picture: (index, data) => void pictures.push({ index, shade: data[0] }),
      sound: (index, data) => void sounds.push({ index, silent: data.every((byte) => byte === 0) }),
    },
  });
  const video = (index: number) =>
    pacer.take({ kind: "video", index, data: Buffer.alloc(pictureBytes(format), index % 256) });
  const audio = (index: number) => pacer.take({ kind: "audio", index, data: Buffer.alloc(1_920 * 4, 1) });
  const at = (index: number) => {
    nowMs = index * FRAME_MS;
    pacer.fill();
  };
  return { pacer, pictures, sounds, video, audio, at };
}

describe("the pacer", () => {
  it("hands on what comes in time, untouched", () => {
    const { pacer, pictures, sounds, video, audio, at } = setUp();
    for (let index = 50; index < 60; index++) {
      at(index);
      video(index);
      if (index > 50) audio(index - 1);
    }
    expect(pictures).toEqual(Array.from({ length: 10 }, (_, k) => ({ index: 50 + k, shade: 50 + k })));
    expect(sounds.every((sound) => !sound.silent)).toBe(true);
    expect(pacer.counts).toEqual({ filledPictures: 0, filledSounds: 0, late: 0 });
  });

  it("holds the last picture and silence while the mixer is away, and drops what comes too late", () => {
    const { pacer, pictures, sounds, video, audio, at } = setUp();
    video(50);
    audio(50);
    at(60);
    video(55);
    video(61);
    expect(pictures.map((picture) => picture.index)).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61]);
    expect(new Set(pictures.slice(0, -1).map((picture) => picture.shade))).toEqual(new Set([50]));
    expect(pictures.at(-1)?.shade).toBe(61);
    expect(sounds.slice(1).every((sound) => sound.silent)).toBe(true);
    expect(pacer.counts.late).toBe(1);
  });

  it("waits for a mixer that is late by no more than it makes up for", () => {
    const { pacer, pictures, sounds, video, audio, at } = setUp();
    video(50);
    at(54);
    for (let index = 51; index < 55; index++) {
      video(index);
      audio(index - 1);
    }
    expect(pictures.map(({ shade }) => shade)).toEqual([50, 51, 52, 53, 54]);
    expect(sounds.some(({ silent }) => silent)).toBe(false);
    expect(pacer.counts).toEqual({ filledPictures: 0, filledSounds: 0, late: 0 });
  });

  it("begins with black before the mixer's first picture", () => {
    const { pictures, at } = setUp();
    at(56);
    expect(pictures[0]).toEqual({ index: 50, shade: 16 });
  });

  it("gives every index once and in order, whatever comes and when", () => {
    const step = fc.record({ after: fc.integer({ min: 0, max: 12 }), ahead: fc.integer({ min: -6, max: 3 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { pictures, sounds, video, audio, at } = setUp();
        let now = 50;
        for (const { after, ahead } of steps) {
          now += after;
          at(now);
          video(Math.max(0, now + ahead));
          audio(Math.max(0, now + ahead - 1));
        }
        for (const list of [pictures, sounds]) {
          const indexes = list.map((item) => item.index);
          expect(indexes).toEqual(indexes.map((_, k) => 50 + k));
        }
      }),
      { seed: 7 },
    );
  });
});
