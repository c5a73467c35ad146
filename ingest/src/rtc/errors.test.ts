import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { STAGE_ERRORS } from "./errors.ts";

const DOCUMENT = new URL("../../../ops/docs/errors-stage.md", import.meta.url);

test("every error is documented with its status, and nothing else is", () => {
  const rows = [...readFileSync(DOCUMENT, "utf8").matchAll(/^\| `([a-z-]+)` \| ([0-9]{3}) \|/gm)];
  const documented = rows.map(([, code, status]) => [code, Number(status)]);
  expect(documented).toEqual(Object.entries(STAGE_ERRORS).map(([code, { status }]) => [code, status]));
});
