import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { slugFault, suggestSlug } from "./slug.ts";

describe("slug", () => {
  it("names what is wrong", () => {
    expect(slugFault("a")).toBe("short");
    expect(slugFault("a".repeat(41))).toBe("long");
    for (const bad of ["My-Room", "a--b", "-ab", "ab-", "房间", "a b"]) expect(slugFault(bad)).toBe("letters");
    expect(slugFault("night-shift-2")).toBeUndefined();
  });

  it("is suggested from a title", () => {
    expect(suggestSlug("Café Nights: Season 2!", "x1")).toBe("cafe-nights-season-2");
    expect(suggestSlug("周末连麦", "room-7f3")).toBe("room-7f3");
  });

  it("is always valid when suggested", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 80 }),
        (title) => slugFault(suggestSlug(title, "room-1")) === undefined,
      ),
    );
  });
});
