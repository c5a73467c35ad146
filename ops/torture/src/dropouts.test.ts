import { expect, it } from "vitest";
import { runDropOuts } from "./dropouts.ts";
import { seams } from "./judge-recording.ts";

/** The full run: `npm run torture -- dropouts`. */
it("a publisher that is killed and comes back leaves no seam, and its picture comes back", async () => {
  const { dropOuts, sameDocument, judgement } = await runDropOuts([5, 12]);
  expect(seams(judgement)).toEqual([]);
  expect(sameDocument).toBe(true);
  // Also with the slate between, every picture is there: the recording holds more than both drop-outs.
  expect(judgement.pictures.length).toBeGreaterThan(17 * 30);
  expect(dropOuts.map(({ inProgramMs }) => Number.isFinite(inProgramMs))).toEqual([true, true]);
});
