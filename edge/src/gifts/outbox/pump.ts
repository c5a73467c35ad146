import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@lianmai/process";
import { RoomAway } from "../../room/room-log.ts";
import type { Command, OutboxMark, Outcome } from "../ledger/commands.ts";
import type { Outbox, OutboxRow } from "../ledger/outbox-rows.ts";
import { deliverRow, type GiftLog, type Placed } from "./deliver-row.ts";

/** Rows read at once. */
const MAX_ROWS = 500;
/** Groups of rows whose way to the disk is awaited at once; beyond it no new rows are read. */
const MAX_AWAITED = 64;
/** Rows of one room whose appends may be on their way together: they keep their order on one connection. */
const MAX_TOGETHER = 64;
/** Longest wait for the archive before the rows are brought anew. */
const DURABLE_BUDGET_MS = 15_000;
/** Wait after a failure. */
const RETRY_MS = 500;
/** A pass is made this often even if nobody asked for one. */
const IDLE_MS = 1_000;

/** Brings the ledger's outbox into the rooms' logs. */
export interface OutboxPump {
  /** There may be something new. */
  wake(): void;
  stop(): Promise<void>;
}

/**
 * Makes passes over the rows that wait: each room's rows in their order, rooms side by side. A row is marked when the
 * log has it on disk, so what Redis loses, or a crash leaves unmarked, is brought again; the log knows it by its cid.
 */
export function startOutboxPump(parts: {
  readonly outbox: Pick<Outbox, "waiting">;
  readonly log: GiftLog;
  readonly submit: (command: Command) => Promise<Outcome>;
  readonly nowMs: () => number;
  readonly logger: Logger;
  /** A row that has got its place. */
  readonly onPlaced: (row: OutboxRow) => void;
}): OutboxPump {
  const { outbox, log, submit, nowMs, logger, onPlaced } = parts;
  const stopping = new AbortController();
  const awaited = new Set<Promise<void>>();
  let called = Promise.withResolvers<void>();
  let afterId = 0;
  let isStruggling = false;

  const startOver = (reason: unknown) => {
    afterId = 0;
    if (stopping.signal.aborted) return;
    if (!isStruggling) logger.warn({ err: reason, away: reason instanceof RoomAway }, "gifts wait for the room's log");
    isStruggling = true;
  };
  const mark = async (marks: readonly OutboxMark[]) => {
    if (marks.length === 0) return;
    const outcome = await submit({ kind: "mark", marks });
    if (!outcome.ok) throw new Error(`the ledger answered ${outcome.code}`);
  };
  const markDurable = async (roomId: string, placed: readonly Placed[]) => {
    const last = placed.at(-1);
    if (!last) return;
    const budget = AbortSignal.timeout(DURABLE_BUDGET_MS);
    await log.whenDurable(roomId, last.at, AbortSignal.any([stopping.signal, budget]));
    const kept = await stillThere(log, placed);
    // what the end of a generation has taken along is brought once more, in the next
    if (kept.length < placed.length) afterId = 0;
    await mark(kept.map(({ row, at }) => ({ id: row.id, state: "delivered", gen: at.gen, seq: at.seq })));
  };
  const follow = (work: Promise<void>) => {
    const followed = work.catch(startOver).finally(() => awaited.delete(followed));
    awaited.add(followed);
  };
  const bringTogether = async (rows: readonly OutboxRow[]): Promise<void> => {
    const delivered = allOf(await Promise.allSettled(rows.map((row) => deliverRow(log, row, { nowMs: nowMs() }))));
    const placed = delivered.filter((one) => "at" in one);
    const refused = delivered.filter((one) => "refused" in one);
    for (const { row } of placed.filter(({ repeated }) => !repeated)) onPlaced(row);
    await mark(refused.map(({ row }) => ({ id: row.id, state: "refused" })));
    follow(markDurable(rows[0]?.roomId ?? "", placed));
  };
  const bringRoom = async (rows: readonly OutboxRow[]): Promise<void> => {
    for (let at = 0; at < rows.length; at += MAX_TOGETHER) await bringTogether(rows.slice(at, at + MAX_TOGETHER));
  };
  /** Brings what has come since the last pass; false when there was nothing. */
  const pass = async (): Promise<boolean> => {
    const rows = outbox.waiting({ afterId, limit: MAX_ROWS });
    afterId = rows.at(-1)?.id ?? afterId;
    const byRoom = Map.groupBy(rows, ({ roomId }) => roomId);
    allOf(await Promise.allSettled([...byRoom.values()].map(bringRoom)));
    return rows.length > 0;
  };
  const rest = (ms: number) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
  const pause = async (found: boolean) => {
    if (awaited.size >= MAX_AWAITED) await Promise.race(awaited);
    if (isStruggling) await rest(RETRY_MS);
    else if (!found) await Promise.race([rest(IDLE_MS), called.promise]);
  };
  const run = async () => {
    while (!stopping.signal.aborted) {
      called = Promise.withResolvers();
      const found = await pass().catch(startOver);
      await pause(found ?? false);
      if (found !== undefined) isStruggling = false;
    }
    await Promise.all(awaited);
  };
  const running = run();
  return {
    wake: () => called.resolve(),
    async stop() {
      stopping.abort(new Error("stopping"));
      called.resolve();
      await running;
    },
  };
}

/** The results, or the first failure once all have settled. */
function allOf<Result>(settled: readonly PromiseSettledResult<Result>[]): Result[] {
  const failed = settled.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  return settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

/** Rows whose entries are on disk: all, but for those behind the end of a generation that lost its tail. */
async function stillThere(log: GiftLog, placed: readonly Placed[]): Promise<Placed[]> {
  const kept: Placed[] = [];
  for (const one of placed) {
    const { roomId, cid } = one.row;
    if (one.at.gen === log.durable(roomId).gen || (await log.find(roomId, cid))) kept.push(one);
  }
  return kept;
}
