import type { Entry, Role, You } from "@lianmai/edge/protocol/room";
import { describe, expect, it } from "vitest";
import { actsOn, wishOfKey } from "./message-acts.ts";

const said = (role: Role, id = "ann") =>
  ({
    gen: 1,
    seq: 1,
    cid: "cid-00001",
    atMs: 0,
    from: { id, name: id, role },
    kind: "text",
    body: { text: "hi" },
  }) as Entry;
const you = (role: Role): You => ({ id: "me", name: "Me", role });
const keys = (entry: Entry, role: Role, more = {}) =>
  actsOn(entry, { you: you(role), isGone: false, canWrite: true, ...more }).map(({ key }) => key);

describe("what may be done with a message", () => {
  it("is no moderation for viewers and guests", () => {
    const plain = ["reply", "mention", "copy", "person", "report"];
    expect(keys(said("viewer"), "viewer")).toEqual(plain);
    expect(keys(said("viewer"), "guest", { canWrite: false })).toEqual(["copy", "person", "report"]);
  });
  it("is everything for moderators, on those below them only", () => {
    expect(keys(said("guest"), "moderator")).toEqual(
      expect.arrayContaining(["delete", "mute10", "kick", "ban", "pin"]),
    );
    expect(keys(said("moderator"), "moderator")).not.toContain("mute10");
    expect(keys(said("host"), "moderator")).not.toContain("delete");
    expect(keys(said("moderator"), "host")).toContain("ban");
    expect(keys(said("viewer"), "moderator", { isGone: true })).toContain("restore");
    expect(keys(said("host", "me"), "host")).toEqual(["reply", "copy", "person", "pin", "delete"]);
  });
  it("goes by keys, and leaves the browser's own alone", () => {
    const acts = actsOn(said("viewer"), { you: you("moderator"), isGone: false, canWrite: true });
    const press = (key: string, more = {}) =>
      wishOfKey({ key, ctrlKey: false, metaKey: false, altKey: false, ...more }, acts);
    expect(press("Delete")).toMatchObject({ wish: "act", request: { act: "delete", target: "cid-00001" } });
    expect(press("M")).toMatchObject({ wish: "act", request: { act: "mute", user: "ann", durationMs: 600_000 } });
    expect(press("u")).toEqual({ wish: "undo" });
    expect(press("r", { ctrlKey: true })).toBeUndefined();
    expect(press("q")).toBeUndefined();
  });
});
