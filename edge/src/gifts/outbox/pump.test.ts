import { setTimeout as sleep } from "node:timers/promises";
import { createMetrics } from "@lianmai/process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Entry } from "../../protocol/room/entry.ts";
import { eventually, silent, startTestRedis, type TestRedis } from "../../testing/redis.ts";
import { startTestRoom, type TestRoom } from "../../testing/room.ts";
import { type Ledger, startLedger } from "../ledger/ledger.ts";
import { ledgerPath, openLedger } from "../ledger/open-ledger.ts";
import { createOutbox } from "../ledger/outbox-rows.ts";
import { checkLedger } from "../reconcile/check-ledger.ts";
import { gift, grant, person, ROOM, RULES } from "../testing/ledger.ts";
import { startOutboxPump } from "./pump.ts";

let redis: TestRedis;
let room: TestRoom;
let ledger: Ledger;
beforeAll(async () => {
  redis = await startTestRedis();
  room = await startTestRoom(redis);
  ledger = await startLedger({ dataDir: room.dataDir, rules: RULES, logger: silent, metrics: createMetrics("edge") });
  await ledger.submit(grant("ada", 1_000_000));
});
afterAll(async () => {
  await ledger.stop();
  await room.stop();
  await redis.stop();
});

const send = (cid: string) => ledger.submit(gift("ada", cid, { giftId: "heart", unitPrice: 1 }));
const start = (log: TestRoom["log"] = room.log) => {
  const database = openLedger(ledgerPath(room.dataDir));
  const pump = startOutboxPump({
    ...{ outbox: createOutbox(database), log, submit: ledger.submit, nowMs: Date.now, logger: silent },
    onPlaced: () => undefined,
  });
  ledger.onCommitted(() => pump.wake());
  return {
    waiting: () => createOutbox(database).backlog().rows,
    check: () => checkLedger(database),
    row: (tx: string) => database.get("SELECT state, gen, seq FROM outbox WHERE cid = ?", tx),
    balance: () => database.get("SELECT balance FROM accounts WHERE owner = 'ada'")?.["balance"],
    async stop() {
      await pump.stop();
      database.close();
    },
  };
};
const logged = async (): Promise<Entry[]> => {
  const entries = await room.archive.after(ROOM.id, { gen: 0, seq: 0 }, { limit: 10_000 });
  return entries.map(({ json }) => JSON.parse(json) as Entry);
};
const gifts = (entries: readonly Entry[]) =>
  entries.flatMap((entry) => (entry.kind === "gift" && entry.body.quantity > 0 ? entry.body.tx : []));

describe("the outbox", () => {
  it("brings each gift into the room's log once, in order, through a crash of Redis and of itself", async () => {
    const sent: string[] = [];
    const sendMany = async (count: number) => {
      for (let at = 0; at < count; at += 1) {
        const outcome = await send(`gift-number-${sent.length}`);
        sent.push((outcome.ok && outcome.receipt?.tx) || "refused");
      }
    };
    const first = start();
    await sendMany(50);
    await eventually(() => first.waiting() === 0);
    await redis.down();
    await sendMany(30);
    expect(first.waiting()).toBeGreaterThanOrEqual(30);
    await first.stop();
    await redis.up();
    // one that forgets everything it has placed: as after a crash before the marks
    const second = start({ ...room.log, whenDurable: () => Promise.reject(new Error("gone")) });
    await eventually(async () => gifts(await logged()).length >= 80);
    await sleep(700);
    await second.stop();
    const third = start();
    await sendMany(20);
    await eventually(() => third.waiting() === 0);
    expect(gifts(await logged())).toEqual(sent);
    expect(third.check()).toEqual([]);
    await third.stop();
  });

  it("gives back what is paid for words of somebody who has been muted meanwhile, and the room never sees them", async () => {
    const author = { ...person("host-1"), role: "host" as const };
    const body = { act: "mute" as const, user: "ada", untilMs: Date.now() + 3_600_000 };
    await room.log.act(ROOM.id, author, { cid: "mute-of-ada", kind: "act", body });
    const pump = start();
    const before = pump.balance();
    const outcome = await ledger.submit({
      ...{ kind: "paid", cid: "paid-0001", sender: person("ada"), room: ROOM, amount: 50, text: "not to be seen" },
      ...{ pinMs: 1_000, mediaMs: null },
    });
    const tx = (outcome.ok && outcome.receipt?.tx) || "";
    await eventually(() => pump.row(tx)?.["state"] === "refused");
    expect(pump.balance()).toBe(before);
    await eventually(() => pump.waiting() === 0);
    expect((await logged()).filter(({ kind }) => kind === "paid" || kind === "system")).toEqual([]);
    expect(pump.check()).toEqual([]);
    await pump.stop();
  });
});
