import type { Database } from "../../storage/database.ts";
import type { Person } from "./commands.ts";
import { scorePeriods, spendingPeriods } from "./periods.ts";

/** Most coins that a user may spend; 0 for no bound. */
export interface Caps {
  readonly perSend: number;
  readonly perDay: number;
  readonly perMonth: number;
}

/** What a spend or its refund counts towards. */
interface Spend {
  readonly userId: string;
  readonly roomId: string;
  readonly programId: string | null;
  readonly day: string;
  /** Negative for a refund. */
  readonly value: number;
}

/** Leaderboards and spending: projections of the transfers, written along with them. */
export interface Tallies {
  /** The cap that a spend would break, in words; undefined when it fits. */
  cappedBy(spend: { readonly userId: string; readonly day: string; readonly value: number }): string | undefined;
  count(spend: Spend): void;
  /** Keeps how a person was seen last. */
  meet(person: Person): void;
  person(id: string): Person;
}

/** People whose looks are remembered. */
const MAX_MET = 50_000;

const SCORE = `INSERT INTO scores VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET value = value + excluded.value`;
/** For refunds: an insert would break the row's own check before the conflict is seen. */
const LOWER_SCORE = "UPDATE scores SET value = value + ?4 WHERE room_id = ?1 AND period = ?2 AND user_id = ?3";
const SPENDING = "INSERT INTO spending VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value";
const LOWER_SPENDING = "UPDATE spending SET value = value + ?3 WHERE user_id = ?1 AND period = ?2";

/** {@link Tallies} on a database in which the caller has begun a transaction. */
export function createTallies(database: Database, options: { readonly caps: Caps }): Tallies {
  const { caps } = options;
  const met = new Map<string, string>();
  const spent = (userId: string, period: string): number =>
    Number(database.get("SELECT value FROM spending WHERE user_id = ? AND period = ?", userId, period)?.["value"] ?? 0);
  return {
    cappedBy({ userId, day, value }) {
      const period = spendingPeriods(day);
      if (isOver(value, caps.perSend)) return `At most ${caps.perSend} coins at once.`;
      if (isOver(spent(userId, period.day) + value, caps.perDay)) return `At most ${caps.perDay} coins a day.`;
      if (isOver(spent(userId, period.month) + value, caps.perMonth)) return `At most ${caps.perMonth} coins a month.`;
      return undefined;
    },
    count({ userId, roomId, programId, day, value }) {
      const [score, spending] = value < 0 ? [LOWER_SCORE, LOWER_SPENDING] : [SCORE, SPENDING];
      for (const period of scorePeriods(day, programId)) database.run(score, roomId, period, userId, value);
      for (const period of Object.values(spendingPeriods(day))) database.run(spending, userId, period, value);
    },
    meet({ id, name, role }) {
      const looks = `${role} ${name}`;
      if (met.get(id) === looks) return;
      if (met.size >= MAX_MET) met.clear();
      met.set(id, looks);
      database.run(
        `INSERT INTO people VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name, role = excluded.role
         WHERE name <> excluded.name OR role <> excluded.role`,
        ...[id, name, role],
      );
    },
    person(id) {
      const row = database.get("SELECT name, role FROM people WHERE user_id = ?", id);
      return { id, name: String(row?.["name"] ?? id), role: (row?.["role"] ?? "viewer") as Person["role"] };
    },
  };
}

const isOver = (value: number, cap: number): boolean => cap > 0 && value > cap;
