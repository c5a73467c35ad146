import { expect, test } from "vitest";
import { SpeakingDetector } from "./speaking.ts";

function run(loudness: readonly number[]): boolean[] {
  const detector = new SpeakingDetector();
  return loudness.map((value, i) => {
    detector.observe("a", { loudness: value, atMs: i * 33 });
    return detector.isSpeaking("a");
  });
}

test("a click is no speech, speech begins soon and outlasts pauses between words", () => {
  expect(run([0, 0.3, 0, 0]).some(Boolean)).toBe(false);
  expect(run([0.1, 0.1, 0.1]).at(-1)).toBe(true);
  expect(
    run([0.1, 0.1, 0.1, ...Array<number>(15).fill(0), 0.1])
      .slice(2)
      .every(Boolean),
  ).toBe(true);
  expect(run([0.1, 0.1, 0.1, ...Array<number>(30).fill(0)]).at(-1)).toBe(false);
});
