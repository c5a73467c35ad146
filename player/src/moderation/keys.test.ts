import { describe, expect, it } from "vitest";
import { consoleWish } from "./keys.ts";

const press = (key: string, changes = {}) =>
  consoleWish({ key, ctrlKey: false, metaKey: false, altKey: false, ...changes });

describe("the console's keys", () => {
  it("move, decide, act and change tabs", () => {
    expect(press("j")).toEqual({ kind: "move", by: 1 });
    expect(press("A")).toEqual({ kind: "decide", good: true });
    expect(press("b")).toEqual({ kind: "person", act: "ban" });
    expect(press("3")).toEqual({ kind: "tab", index: 2 });
  });
  it("leave the browser's own alone", () => {
    expect(press("r", { ctrlKey: true })).toBeUndefined();
    expect(press("7")).toBeUndefined();
    expect(press("Escape")).toBeUndefined();
  });
});
