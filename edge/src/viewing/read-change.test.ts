import { describe, expect, it } from "vitest";
import { readChange } from "./read-change.ts";

const removal = { room: "r", subject: "u", untilMs: 5, marks: ["u:u", "d:x"], strict: false };

describe("what edges tell each other of removals", () => {
  it("is read when it is whole", () => {
    expect(readChange(JSON.stringify(removal))).toEqual(removal);
    expect(readChange(JSON.stringify({ room: "r", lifted: "u" }))).toEqual({ room: "r", lifted: "u" });
  });

  it.each(["", "{", "null", "7", "{}", '{"room":"r"}', JSON.stringify({ ...removal, marks: ["x"] })])(
    "is nothing when it is %s",
    (text) => expect(readChange(text)).toBeUndefined(),
  );
});
