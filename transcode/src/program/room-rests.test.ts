import { expect, it } from "vitest";
import { RoomRests } from "./room-rests.ts";

/** Sessions that a room opens in a minute when each ends at once and the next is there 50 ms later. */
function opened(hadPicture: boolean): number {
  const rests = new RoomRests();
  let times = 0;
  for (let nowMs = 0; nowMs < 60_000; nowMs += 50) {
    rests.forget(nowMs);
    if (rests.isResting("room", nowMs)) continue;
    times++;
    rests.ended("room", { hadPicture, nowMs });
  }
  return times;
}

it("lets a room whose publisher gives no picture be opened again less and less often", () => {
  expect(opened(false)).toBeLessThan(40);
  expect(opened(false)).toBeGreaterThan(6);
});

it("lets a room that had a picture be opened again at once, and others at any time", () => {
  expect(opened(true)).toBe(1_200);
  const rests = new RoomRests();
  rests.ended("room", { hadPicture: false, nowMs: 0 });
  expect([rests.isResting("room", 400), rests.isResting("other", 400)]).toEqual([true, false]);
});

it("rests for a second at most after the first time, and again once it is forgotten", () => {
  const rests = new RoomRests();
  for (let times = 0; times < 10; times++) rests.ended("room", { hadPicture: false, nowMs: 0 });
  rests.forget(60_000);
  rests.ended("room", { hadPicture: false, nowMs: 60_000 });
  expect([rests.isResting("room", 60_400), rests.isResting("room", 61_001)]).toEqual([true, false]);
});
