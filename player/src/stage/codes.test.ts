import { SIGNALLING_CODES } from "@lianmai/ingest/signalling";
import { STAGE_REFUSALS } from "@lianmai/ingest/stage";
import { expect, it } from "vitest";
import { en } from "../text/en.ts";

it("has words for every refusal of the stage", () => {
  expect(Object.keys(en)).toEqual(expect.arrayContaining(STAGE_REFUSALS.map((code) => `stage.code.${code}`)));
});

it("has words for every end that a retry would only repeat, and every answer to going live", () => {
  const ends = SIGNALLING_CODES.filter((code) => ["removed", "replaced", "not-allowed"].includes(code));
  const answers = SIGNALLING_CODES.filter((code) => ["stage-busy", "already-live", "not-joined"].includes(code));
  const keys = [...ends.map((code) => `stage.end.${code}`), ...answers.map((code) => `stage.code.${code}`)];
  expect(keys).toHaveLength(6);
  expect(Object.keys(en)).toEqual(expect.arrayContaining(keys));
});
