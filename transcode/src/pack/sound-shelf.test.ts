import { expect, test } from "vitest";
import { SoundShelf } from "./sound-shelf.ts";
import { SoundWatch } from "./sound-watch.ts";

const unit = (at: number) => ({ sample: at * 1_024, data: Buffer.from([at & 0xff]) });

test("cuts by the time at which units start, each exactly once", () => {
  const shelf = new SoundShelf();
  for (let at = 0; at < 60; at++) shelf.push(unit(at));
  const counts = [0, 1, 2].map((part) => shelf.cut(part * 16_000, (part + 1) * 16_000)?.samples.length);
  expect(counts).toEqual([16, 16, 15]);
  expect(shelf.cut(16_000, 32_000)?.start).toBe(16 * 1_024);
  expect(shelf.end).toBe(60 * 1_024);
});

test("lost sound stretches the unit before it; what overlaps is dropped", () => {
  const shelf = new SoundShelf();
  for (const at of [0, 1, 4, 5]) shelf.push(unit(at));
  shelf.push({ sample: 5_000, data: Buffer.alloc(1) });
  expect(shelf.cut(0, 16_000)?.samples.map(({ duration }) => duration)).toEqual([1_024, 3_072, 1_024, 1_024]);
  expect(shelf.dropped).toBe(1);
  expect(shelf.cut(2_048, 4_096)).toBeNull();
});

test("keeps about ten seconds, and copies what it keeps", () => {
  const shelf = new SoundShelf();
  const bytes = Buffer.from([1]);
  for (let at = 0; at < 5_000; at++) shelf.push({ sample: at * 1_024, data: bytes });
  bytes.writeUInt8(2);
  expect(shelf.cut(0, 4_000 * 1_024)).toBeNull();
  const newest = shelf.cut(4_600 * 1_024, 4_601 * 1_024);
  expect(newest?.samples[0]?.data).toEqual(Buffer.from([1]));
});

test("sound is expected from the first picture on, for a second; later for one and a half", () => {
  const watch = new SoundWatch();
  expect(watch.lost(10_000, 5_000)).toBe(false);
  watch.expected(10_000);
  expect([watch.lost(11_000, 5_000), watch.lost(11_001, 5_000)]).toEqual([false, true]);
  watch.heard();
  expect(watch.lost(30_000, 5_000)).toBe(false);
  watch.expected(30_000);
  watch.expected(31_000);
  expect([watch.lost(31_500, 5_000), watch.lost(31_501, 5_000)]).toEqual([false, true]);
});

test("sound is not lost while nothing comes, nor while it is short by little", () => {
  const watch = new SoundWatch();
  watch.expected(10_000);
  watch.heard();
  expect(watch.lost(60_000, 5_000)).toBe(false);
  watch.expected(60_000);
  expect([watch.lost(70_000, 1_500), watch.lost(70_000, 1_501)]).toEqual([false, true]);
});
