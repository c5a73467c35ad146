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

test("sound is expected from the first picture on, for a second; later for half of one", () => {
  const watch = new SoundWatch();
  expect(watch.lost(10_000)).toBe(false);
  watch.expected(10_000);
  expect([watch.lost(11_000), watch.lost(11_001)]).toEqual([false, true]);
  watch.heard(20_000);
  expect([watch.lost(20_500), watch.lost(20_501)]).toEqual([false, true]);
});
