import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { type ProblemCode, ProblemError, problemCatalogue, problemDocument, retryAfterSeconds } from "./errors.ts";

const documented = async () => {
  const text = await readFile(new URL("../../ops/docs/errors.md", import.meta.url), "utf8");
  return [...text.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \| \S.+ \|$/gm)].map(([, code, status]) => [
    code,
    Number(status),
  ]);
};

describe("error catalogue", () => {
  it("is the table of ops/docs/errors.md, code by code", async () => {
    expect(await documented()).toEqual(Object.entries(problemCatalogue).map(([code, { status }]) => [code, status]));
  });

  it("makes RFC 9457 documents that hold nothing but what is given", () => {
    expect(problemDocument("room-not-found")).toEqual({
      type: "urn:lianmai:problem:room-not-found",
      title: "There is no such room",
      status: 404,
      code: "room-not-found",
    });
    const error = new ProblemError("locked-out", { retryAfterMs: 1_200.5, cause: new Error("inside") });
    expect(problemDocument(error.code, error.details)).toEqual({
      ...problemDocument("locked-out"),
      retryAfterMs: 1_201,
    });
    expect(error.statusCode).toBe(429);
  });

  it("asks clients to wait whole seconds, at least one", () => {
    expect([0, 1, 1_000, 1_001].map(retryAfterSeconds)).toEqual(["1", "1", "1", "2"]);
  });

  it("uses only client errors, 500, 502 and 503", () => {
    const odd = (Object.keys(problemCatalogue) as ProblemCode[]).filter((code) => {
      const { status } = problemCatalogue[code];
      return !((status >= 400 && status < 500) || [500, 502, 503].includes(status));
    });
    expect(odd).toEqual([]);
  });
});
