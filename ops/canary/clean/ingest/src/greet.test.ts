import { expect, it } from "vitest";
import { greet } from "./greet.ts";

it("greets", () => {
  expect(greet("you")).toContain("hello you");
});
