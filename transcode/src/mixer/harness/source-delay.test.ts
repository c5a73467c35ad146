/** How long an encoder's media waits at least, which an operator may set. */
import { describe, expect, test } from "vitest";
import { arrivalsOf } from "./arrivals.ts";
import { makeMedia } from "./make-media.ts";
import { countSteps } from "./measure.ts";
import { LEAST_DELAY_MS, VirtualProgram } from "./virtual-program.ts";

const FORMAT = { width: 256, height: 144, fps: 30 } as const;
const ZERO_MS = 100_000;
const SECONDS = 11;

/** How pictures follow each other around a stall of 120 ms: 1 = the next one of the source. */
async function stepsAround(minDelayMs: number): Promise<Readonly<Record<number, number>>> {
  const tags = await makeMedia({ ...FORMAT, seconds: SECONDS });
  const program = new VirtualProgram({ format: FORMAT, zeroMs: ZERO_MS });
  const source = program.source("host", { fpsHint: 30, minDelayMs });
  program.engine.setSolo(source);
  const stalls = [{ fromMs: ZERO_MS + 8_000, toMs: ZERO_MS + 8_120 }];
  program.deliver(source, arrivalsOf(tags, { startMs: ZERO_MS + 510, stalls }));
  program.run(ZERO_MS + SECONDS * 1_000);
  program.engine.close();
  return countSteps(program.pictures.filter(({ index }) => index >= 6 * 30 && index < 10 * 30));
}

describe("a stall of an encoder", () => {
  test("is seen where it is longer than media wait", async () => {
    expect(Object.keys(await stepsAround(LEAST_DELAY_MS)).length).toBeGreaterThan(1);
  });

  test("is not seen where media wait longer", async () => {
    expect(Object.keys(await stepsAround(150))).toEqual(["1"]);
  });
});
