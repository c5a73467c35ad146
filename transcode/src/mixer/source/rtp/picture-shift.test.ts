import { describe, expect, it } from "vitest";
import { PictureShift } from "./picture-shift.ts";

/** Packets of both kinds every 40 ms, each held up now and then; the shift once a second. */
function follow(seconds: number, lateness: (atS: number) => { readonly audio: number; readonly video: number }) {
  const shift = new PictureShift();
  const seen: number[] = [];
  for (let atMs = 0; atMs < seconds * 1_000; atMs += 40) {
    const { audio, video } = lateness(atMs / 1_000);
    const heldUpMs = (atMs / 40) % 7 === 0 ? 0 : ((atMs / 40) * 13) % 60;
    shift.arrived("audio", audio + heldUpMs, atMs);
    shift.arrived("video", video + heldUpMs, atMs);
    if (atMs % 1_000 === 0) seen.push(shift.ms);
  }
  return seen;
}

describe("a publisher's pictures", () => {
  it("stay where their timestamps put them while they keep the distance to sound that they have to have", () => {
    expect(follow(60, () => ({ audio: 20, video: 120 })).every((ms) => ms === 0)).toBe(true);
    expect(follow(60, (atS) => ({ audio: 20 + atS, video: 10 + atS })).every((ms) => ms === 0)).toBe(true);
    expect(follow(60, () => ({ audio: 90, video: 10 })).every((ms) => ms === 0)).toBe(true);
  });

  it("that are a little late from the beginning, slow to encode or stamped early, are shown later by half of it", () => {
    const seen = follow(60, (atS) => ({ audio: 30, video: atS < 30 ? 60 : 110 }));
    expect(seen[5]).toBeCloseTo(0);
    expect(seen[20]).toBeCloseTo(20);
    expect(seen.at(-1)).toBeCloseTo(70);
  });

  it("that come later and later stamped are shown as much later, without a jump, and back", () => {
    const seen = follow(90, (atS) => ({ audio: 30, video: atS > 12 && atS < 50 ? 150 : 20 }));
    expect(seen[10]).toBe(0);
    expect(seen[45]).toBeCloseTo(130);
    expect(seen.at(-1)).toBeCloseTo(0);
    const steps = seen.slice(1).map((ms, at) => Math.abs(ms - (seen[at] ?? 0)));
    expect(Math.max(...steps)).toBeLessThan(21);
  });

  it("are left alone through a moment's trouble, and when sound is what is late", () => {
    const moment = follow(60, (atS) => ({ audio: 30, video: atS > 20 && atS < 24 ? 400 : 20 }));
    expect(moment.every((ms) => ms === 0)).toBe(true);
    expect(follow(60, (atS) => ({ audio: atS > 20 ? 300 : 30, video: 20 })).every((ms) => ms === 0)).toBe(true);
  });
});
