import { describe, expect, it } from "vitest";
import { vendorPackages } from "./fences.ts";
import { countTests } from "./run-projects.ts";

describe("vendor packages of a source", () => {
  it("are found in every way to import", () => {
    const text = `
      import a from "a";
      import type { B } from "b/deep";
      import { c,
        d } from '@scope/c/deep';
      export { e } from "e";
      import "f";
      const g = await import("g");
      import { readFile } from "node:fs";
      import { x } from "./x.ts";
      import { y } from "@lianmai/process";
    `;
    expect([...vendorPackages(text)].sort()).toEqual(["@scope/c", "a", "b", "e", "f", "g"]);
  });
});

describe("counts of a report", () => {
  const file = (status: string, ...tests: string[]) => ({
    status,
    assertionResults: tests.map((each) => ({ status: each })),
  });
  const count = (...testResults: object[]) => countTests(JSON.stringify({ numPassedTests: 1, testResults }));

  it("take every test that did not pass as failed", () => {
    expect(count(file("passed", "passed", "skipped", "todo"), file("failed", "failed"))).toEqual({
      passed: 1,
      failed: 3,
    });
  });

  it("take a file that did not load as failed", () => {
    expect(count(file("failed"))).toEqual({ passed: 1, failed: 1 });
    expect(countTests("{}")).toEqual({ passed: 0, failed: 0 });
  });
});
