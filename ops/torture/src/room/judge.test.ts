import { describe, expect, it } from "vitest";
import { judge } from "./judge.ts";

const muted = (cid: string) => cid.startsWith("m");
const facts = { durable: ["a", "b"], waiting: [{ publisher: "1", count: 0 }], muted, mute: "X" };
const told = (...lists: string[][]) => lists.map((cids, index) => ({ receiver: String(index + 1), cids }));

describe("judge", () => {
  it("accepts one order, each entry once, also where receivers came later than the first entries", () => {
    const cids = ["a", "m1", "X", "b"];
    expect(judge({ ...facts, archived: ["before", ...cids], told: told(cids, cids) })).toEqual([]);
  });

  it.each([
    ["missing", ["a"], [["a"]], /1: 1 durable entries missing/],
    ["twice", ["a", "b", "a"], [["a", "b", "a"]], /1: 1 entries twice/],
    [
      "order",
      ["a", "b"],
      [
        ["a", "b"],
        ["b", "a"],
      ],
      /2 and 1 differ from entry 0 on/,
    ],
    ["muted", ["a", "b", "X", "m1"], [["a", "b", "X", "m1"]], /1 entries of the muted behind the mute/],
    ["archive twice", ["a", "b", "a"], [["a", "b"]], /the archive: 1 entries twice/],
    ["archive order", ["b", "a"], [["a", "b"]], /the archive and 1 differ/],
    ["archive missing", ["a"], [["a", "b"]], /the archive: 1 durable entries missing/],
  ])("finds %s", (_name, archived, lists, expected) => {
    expect(judge({ ...facts, archived, told: told(...lists) }).join("\n")).toMatch(expected);
  });

  it("finds what a publisher was never told to be durable", () => {
    const cids = ["a", "X", "b"];
    const waiting = [{ publisher: "1", count: 2 }];
    expect(judge({ ...facts, waiting, archived: cids, told: told(cids, cids) })).toEqual([
      "1: 2 entries never told durable",
    ]);
  });
});
