import { expect, it } from "vitest";
import { createBodySlots } from "./body-slots.ts";

it("gives one person few slots, all people no more than there are, and takes them back", () => {
  const slots = createBodySlots({ altogether: 3, ofOne: 2 });
  const [first, second] = [slots.take("ann"), slots.take("ann")];
  expect(slots.take("ann")).toBeUndefined();
  expect(slots.take("bob")).toBeTypeOf("function");
  expect(slots.take("cat")).toBeUndefined();
  first?.();
  second?.();
  expect(slots.take("cat")).toBeTypeOf("function");
  expect(slots.take("ann")).toBeTypeOf("function");
});
