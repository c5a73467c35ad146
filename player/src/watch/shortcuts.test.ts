import { describe, expect, it } from "vitest";
import { type Key, keyWish } from "./shortcuts.ts";

const key = (name: string, change: Partial<Key> = {}): Key => ({
  key: name,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  defaultPrevented: false,
  tag: "body",
  role: "",
  inOverlay: false,
  ...change,
});

describe("shortcuts", () => {
  it("knows its keys, in capitals too", () => {
    expect([" ", "k", "M", "f", "ArrowUp", "ArrowDown", "l", "i", "?", "z"].map((name) => keyWish(key(name)))).toEqual([
      "play",
      "play",
      "mute",
      "fullscreen",
      "louder",
      "quieter",
      "live",
      "stats",
      "help",
      undefined,
    ]);
  });

  it("leaves typing, browser shortcuts and open menus alone", () => {
    expect(keyWish(key("k", { tag: "input" }))).toBeUndefined();
    expect(keyWish(key("f", { ctrlKey: true }))).toBeUndefined();
    expect(keyWish(key("m", { inOverlay: true }))).toBeUndefined();
    expect(keyWish(key("m", { defaultPrevented: true }))).toBeUndefined();
  });

  it("lets buttons have Space and the volume its arrows", () => {
    expect(keyWish(key(" ", { tag: "button" }))).toBeUndefined();
    expect(keyWish(key("k", { tag: "button" }))).toBe("play");
    expect(keyWish(key("ArrowUp", { tag: "media-volume-range" }))).toBeUndefined();
  });
});
