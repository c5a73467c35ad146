import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ORIGIN_ERRORS, problemBody } from "./errors.ts";

const DOCUMENT = new URL("../../../ops/docs/errors-origin.md", import.meta.url);

test("every error is documented with its status, and nothing else is", () => {
  const rows = [...readFileSync(DOCUMENT, "utf8").matchAll(/^\| `([a-z-]+)` \| ([0-9]{3}) \|/gm)];
  const documented = rows.map(([, code, status]) => [code, Number(status)]);
  expect(documented).toEqual(Object.entries(ORIGIN_ERRORS).map(([code, { status }]) => [code, status]));
});

test("bodies are problem documents", () => {
  expect(JSON.parse(problemBody("part-too-far").toString())).toEqual({
    type: "about:blank",
    title: ORIGIN_ERRORS["part-too-far"].title,
    status: 400,
    code: "part-too-far",
  });
});
