import { describe, expect, it } from "vitest";
import { judge } from "./judge.ts";

const muted = (cid: string) => cid.startsWith("m");
const facts = { durable: ["a", "b"], muted, mute: "X" };

describe("judge", () => {
  it("accepts one order, each entry once", () => {
    const cids = ["a", "m1", "X", "b"];
    expect(
      judge({
        ...facts,
        told: [
          { receiver: "1", cids },
          { receiver: "2", cids },
        ],
      }),
    ).toEqual([]);
  });

  it.each([
    ["missing", [["a"]], /1: 1 durable entries missing/],
    ["twice", [["a", "b", "a"]], /1: 1 entries twice/],
    [
      "order",
      [
        ["a", "b"],
        ["b", "a"],
      ],
      /2 and 1 differ from entry 0 on/,
    ],
    ["muted", [["a", "b", "X", "m1"]], /1 entries of the muted behind the mute/],
  ])("finds %s", (_name, lists, expected) => {
    const told = lists.map((cids, index) => ({ receiver: String(index + 1), cids }));
    expect(judge({ ...facts, told }).join("\n")).toMatch(expected);
  });
});
