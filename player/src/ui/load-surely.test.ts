import { expect, test } from "vitest";
import { loadSurely } from "./load-surely.ts";

/** Fails so many times first. */
function failing(times: number) {
  let asked = 0;
  return () => (++asked > times ? Promise.resolve(asked) : Promise.reject(new Error(`try ${asked}`)));
}

test("is asked for again until it comes, with pauses that grow and are bounded", async () => {
  const pauses: number[] = [];
  const wait = async (ms: number) => void pauses.push(ms);
  expect(await loadSurely(failing(9), wait)).toBe(10);
  expect(pauses).toHaveLength(9);
  expect(pauses[0]).toBeLessThanOrEqual(400);
  expect(pauses[8]).toBeGreaterThanOrEqual(2_500);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(5_000);
});

test("gives up in the end, with the last reason", async () => {
  await expect(loadSurely(failing(50), async () => {})).rejects.toThrow("try 12");
});
