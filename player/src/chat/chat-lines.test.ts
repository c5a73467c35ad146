import type { Entry, Kind } from "@lianmai/edge/protocol/room";
import { describe, expect, it } from "vitest";
import type { OutboxItem } from "../connection/outbox.ts";
import { ChatLines, MAX_LINES, MAX_READ_BACK } from "./chat-lines.ts";

let count = 0;
function entryOf(kind: Kind, body: unknown, more: object = {}): Entry {
  count += 1;
  const from = { id: "ann", name: "Ann", role: "viewer" };
  return { gen: 1, seq: count, cid: `cid-${count}`, atMs: count, from, kind, body, ...more } as unknown as Entry;
}
const said = (text: string, more: object = {}) => entryOf("text", { text }, more);
const add = (chat: ChatLines, entry: Entry) => {
  chat.change({ change: "add", entry });
  return entry;
};
const item = (cid: string, state: OutboxItem["state"]): OutboxItem => ({
  ...{ cid, room: "den", kind: "text", body: { text: cid }, writtenMs: 0, state },
});
const told = (chat: ChatLines) =>
  chat.lines.map((line) =>
    line.line === "entry"
      ? `${line.isGone ? "gone " : ""}${line.delivery ?? ""}${(line.entry.body as { text?: string }).text}`
      : line.line === "own"
        ? `own ${line.key} ${line.refusal?.code ?? line.item.state}`
        : `gap ${line.why} ${line.count}`,
  );

describe("chat lines", () => {
  it("show an own message last until it has a place, then how far it has come", () => {
    const chat = new ChatLines();
    chat.outbox({ change: "item", item: item("mine", "queued") });
    add(chat, said("a"));
    expect(told(chat)).toEqual(["a", "own mine queued"]);
    chat.outbox({ change: "item", item: item("mine", "placed") });
    add(chat, said("mine", { cid: "mine" }));
    add(chat, said("b"));
    expect(told(chat)).toEqual(["a", "placedmine", "b"]);
    chat.outbox({ change: "durable", item: item("mine", "placed") });
    expect(told(chat)).toEqual(["a", "durablemine", "b"]);
  });

  it("take back what was never durable; an own one waits again", () => {
    const chat = new ChatLines();
    const first = add(chat, said("kept"));
    chat.outbox({ change: "item", item: item("mine", "placed") });
    add(chat, said("mine", { cid: "mine" }));
    chat.outbox({ change: "item", item: item("mine", "queued") });
    chat.change({ change: "retract", gen: 1, last: first.seq });
    expect(told(chat)).toEqual(["kept", "own mine queued"]);
  });

  it("keep a refused message until its writer decides", () => {
    const chat = new ChatLines();
    chat.outbox({ change: "item", item: item("mine", "sent") });
    const nack = { t: "nack", room: "den", cid: "mine", code: "blocked" } as const;
    chat.outbox({ change: "refused", item: item("mine", "sent"), nack });
    add(chat, said("a"));
    expect(told(chat)).toEqual(["a", "own mine blocked"]);
    chat.dismiss("mine");
    expect(told(chat)).toEqual(["a"]);
  });

  it("withdraw and bring back one message, and all of a person", () => {
    const chat = new ChatLines();
    const one = add(chat, said("one"));
    add(chat, said("other", { from: { id: "bob", name: "Bob", role: "viewer" } }));
    add(chat, said("two"));
    add(chat, entryOf("act", { act: "delete", cid: one.cid }));
    expect(told(chat)).toEqual(["gone one", "other", "two"]);
    add(chat, entryOf("act", { act: "restore", cid: one.cid }));
    expect(told(chat)).toEqual(["one", "other", "two"]);
    add(chat, entryOf("act", { act: "purge", user: "ann" }));
    expect(told(chat)).toEqual(["gone one", "other", "gone two", "undefined"]);
  });

  it("have one line for a combo, with its highest total", () => {
    const chat = new ChatLines();
    const gift = (total: number) =>
      entryOf("gift", { combo: "c", gift: "rose", tx: ["t"], quantity: 1, total, coins: 1 });
    for (const total of [1, 3, 2]) add(chat, gift(total));
    expect(chat.lines).toMatchObject([{ line: "entry", entry: { body: { total: 3 } } }]);
  });

  it("are bounded, less tightly for who reads back", () => {
    const chat = new ChatLines();
    for (let at = 0; at < MAX_READ_BACK + 500; at += 1) add(chat, said(`${at}`));
    chat.trim(true);
    expect(chat.lines).toHaveLength(MAX_READ_BACK);
    chat.trim(false);
    expect(chat.lines).toHaveLength(MAX_LINES);
    const older = Array.from({ length: MAX_READ_BACK }, (_, at) => said(`old ${at}`, { cid: `old-${at}` }));
    chat.prepend(older);
    expect(chat.lines.length).toBe(MAX_READ_BACK + 1);
    expect(chat.hasLeftOut).toBe(true);
    expect(told(chat)[0]).toBe(`old ${MAX_READ_BACK - 1}`);
  });
});
