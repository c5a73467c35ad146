import type { Entry } from "@lianmai/edge/protocol/room";
import { expect, it } from "vitest";
import { Invited } from "./invitation.svelte.ts";

const told = (what: string, user: string) =>
  ({ kind: "stage", from: { id: "host", name: "Ann", role: "host" }, body: { what, user } }) as Entry;

it("stands from the invitation until it is answered, taken back or put off, and is for oneself only", () => {
  const invited = new Invited();
  invited.hear(told("invite", "bo"), "me");
  invited.hear(told("invite", "me"), undefined);
  expect(invited.now).toBeUndefined();
  for (const what of ["accept", "decline", "remove", "leave"]) {
    invited.hear(told("invite", "me"), "me");
    expect(invited.now).toEqual({ by: "Ann" });
    invited.hear(told(what, "bo"), "me");
    invited.hear(told("mute", "me"), "me");
    expect(invited.now).toBeDefined();
    invited.hear(told(what, "me"), "me");
    expect(invited.now).toBeUndefined();
  }
  invited.hear(told("invite", "me"), "me");
  invited.put();
  expect(invited.now).toBeUndefined();
});
