import { expect, it } from "vitest";
import { mentionAt, offer } from "./mention-query.ts";

it("finds the mention that is being written, not an address", () => {
  expect(mentionAt("hi @mo", 6)).toEqual({ from: 3, part: "mo" });
  expect(mentionAt("你好@小", 4)).toEqual({ from: 2, part: "小" });
  expect(mentionAt("@", 1)).toEqual({ from: 0, part: "" });
  expect(mentionAt("me@site", 7)).toBeUndefined();
  expect(mentionAt("@mo hello", 9)).toBeUndefined();
});

it("offers who begins with it before who only holds it, five at most", () => {
  const people = ["Amo", "Mona", "mo", "Bob", "Momo", "Moa", "Moe", "Mox"].map((name) => ({ id: name, name }));
  expect(offer(people, "mo").map(({ name }) => name)).toEqual(["Mona", "mo", "Momo", "Moa", "Moe"]);
  expect(offer(people, "am").map(({ name }) => name)).toEqual(["Amo"]);
});
