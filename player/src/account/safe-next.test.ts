import { describe, expect, it } from "vitest";
import { safeNext } from "./safe-next.ts";

describe("safe next", () => {
  it("stays on this site", () => {
    expect(safeNext("/host/my-room")).toBe("/host/my-room");
    for (const bad of [null, "", "https://a.example", "//a.example", "/\\a.example", "javascript:alert(1)", "/a?b"]) {
      expect(safeNext(bad)).toBe("/host");
    }
  });
});
