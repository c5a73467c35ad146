import { expect, it } from "vitest";
import { runKills, VICTIMS } from "./kills.ts";

/** How long each takes: `npm run torture -- kills`. */
it("each process killed while a viewer watches comes back by itself, and so does the picture, without a reload", async () => {
  const kills = await runKills(VICTIMS);
  expect(kills.map(({ victim }) => victim)).toEqual(VICTIMS);
  for (const kill of kills) {
    expect(kill).toMatchObject({ sameDocument: true, dataKept: true });
    // Only a new transcode has none of the parts that players hold: that is a new epoch of the program.
    expect([kill.victim, kill.discontinuities]).toEqual([kill.victim, kill.victim === "transcode" ? 1 : 0]);
  }
});
