import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Session } from "../../protocol/api.ts";
import { startTestEdge, type TestEdge } from "../../testing/edge.ts";
import { eventually, startTestRedis, type TestRedis } from "../../testing/redis.ts";
import { text, viewer } from "../../testing/room.ts";
import { csvField } from "./export-rows.ts";
import { queryOf, wordsOf } from "./split-words.ts";

interface Found {
  readonly entries: readonly {
    readonly seq: number;
    readonly kind: string;
    readonly body: { readonly text?: string };
  }[];
  readonly next: string | null;
}

let redis: TestRedis;
let edge: TestEdge;
let host: Session;
beforeAll(async () => {
  redis = await startTestRedis();
  edge = await startTestEdge(redis);
  host = await edge.signUp("archivist");
  await edge.room(host.token, "attic");
  await eventually(() => edge.edge.room.redis.status === "ready");
  const id = String((await edge.edge.rooms.bySlug("attic"))?.id);
  const said = ["今天天气很好", "明天再说", "The weather is fine", "=1+1", "secret"];
  const cids: string[] = [];
  for (const each of said) {
    const draft = text(each);
    cids.push(draft.cid);
    await edge.edge.room.log.publish(id, viewer("a"), draft);
  }
  const act = { cid: randomUUID(), kind: "act", body: { act: "delete", cid: cids[4] ?? "" } } as const;
  await edge.edge.room.log.act(id, viewer(host.user.id, { role: "host" }), act);
  await edge.edge.room.log.whenDurable(id, { gen: 1, seq: 6 }, AbortSignal.timeout(20_000));
});
afterAll(async () => {
  await edge.stop();
  await redis.stop();
});

const read = async (query: string) => (await edge.call<Found>("GET", `/api/v1/rooms/attic/entries${query}`)).body;
const texts = ({ entries }: Found) => entries.map(({ body }) => body.text);

describe("archive", () => {
  it("is read backwards page by page, with nothing of what was withdrawn", async () => {
    const first = await read("?limit=4");
    expect(first.entries.map(({ seq, kind }) => [seq, kind])).toEqual([
      [6, "act"],
      [5, "gone"],
      [4, "text"],
      [3, "text"],
    ]);
    const second = await read(`?limit=4&before=${first.next}`);
    expect(second.entries.map(({ seq }) => seq)).toEqual([2, 1]);
    expect(second.next).toBeNull();
    expect((await edge.call("GET", "/api/v1/rooms/attic/entries?before=x")).body.code).toBe("bad-request");
  });

  it("finds Chinese by any part and English by words and beginnings", async () => {
    expect(texts(await read(`?words=${encodeURIComponent("天气")}`))).toEqual(["今天天气很好"]);
    expect(texts(await read(`?words=${encodeURIComponent("天")}`))).toEqual(["明天再说", "今天天气很好"]);
    expect(texts(await read("?words=WEATH"))).toEqual(["The weather is fine"]);
    expect(texts(await read(`?words=${encodeURIComponent('" OR *')}`))).toEqual([]);
    expect(wordsOf("今天天气")).toContain("今天 天天 天气 气");
    expect(queryOf("气")).toBe('"气"*');
  });

  it("is exported whole for the host only, as lines that no spreadsheet runs", async () => {
    const path = "/api/v1/rooms/attic/entries/export?format=";
    expect((await edge.call("GET", `${path}csv`)).body.code).toBe("not-signed-in");
    const csv = await fetch(`${edge.url}${path}csv`, { headers: { authorization: `Bearer ${host.token}` } });
    const rows = (await csv.text()).trimEnd().split("\r\n");
    expect(rows.length).toBe(7);
    expect(rows[4]).toContain("'=1+1");
    const lines = await fetch(`${edge.url}${path}jsonl`, { headers: { authorization: `Bearer ${host.token}` } });
    expect(
      (await lines.text())
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).seq),
    ).toEqual([1, 2, 3, 4, 5, 6]);
    expect(csvField('a "b", c')).toBe('"a ""b"", c"');
  });
});
