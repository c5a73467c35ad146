import type { Users } from "../../accounts/users.ts";
import { ProblemError } from "../../errors.ts";
import type { Authenticate } from "../../http/authenticate.ts";
import type { RouteLimits } from "../../http/rate-limits.ts";
import type { ProgramView } from "../../live/program-view.ts";
import type { Recorded } from "../../moderation/audit/recorded.ts";
import type { User } from "../../protocol/api.ts";
import type { HostAccess } from "../../rooms/access.ts";
import type { Rooms, StoredRoom } from "../../rooms/rooms.ts";
import type { Command, GiftRoom, Outcome, Person, Receipt, Recipient } from "../ledger/commands.ts";
import type { Periods } from "../ledger/periods.ts";
import type { LedgerReader } from "../ledger/reader.ts";

/** Whether somebody may give in a room, and what of a paid message may be said. */
export interface GiftGate {
  /** Rejects with the problem that says why not. */
  admit(room: StoredRoom, sender: Person): Promise<void>;
  /** The text as it may be shown; rejects with a problem when it may not. */
  admitText(room: StoredRoom, sender: Person, text: string): Promise<string>;
}

/** Whom a gift names, and whether they sit on the room's stage. Problems are `not-on-stage` and `redis-away`. */
export type FindRecipient = (room: StoredRoom, userId: string) => Promise<Recipient>;

/** What the gift routes stand on. */
export interface GiftParts {
  readonly submit: (command: Command) => Promise<Outcome>;
  readonly reader: LedgerReader;
  readonly gate: GiftGate;
  readonly findRecipient: FindRecipient;
  readonly rooms: Rooms;
  readonly users: Users;
  readonly programs: ProgramView;
  readonly periods: Periods;
  readonly authenticate: Authenticate;
  readonly hostAccess: HostAccess;
  readonly limits: RouteLimits;
  /** Into the audit log, then done. */
  readonly recorded: Recorded;
  readonly nowMs: () => number;
}

/** Asked again after this when the ledger is busy or changes hands. */
const RETRY_AFTER_MS = 1_000;

/** The receipt of a command that has one, or the problem of its refusal. */
export function receiptOf(outcome: Outcome): Receipt {
  done(outcome);
  if (!outcome.ok || !outcome.receipt) throw new Error("the command has no receipt");
  return outcome.receipt;
}

/** Throws the problem of a refusal. */
export function done(outcome: Outcome): void {
  if (outcome.ok) return;
  const { code, detail } = outcome;
  const isPassing = code === "ledger-busy" || code === "ledger-away";
  throw new ProblemError(code, {
    ...(detail !== undefined && { detail }),
    ...(isPassing && { retryAfterMs: RETRY_AFTER_MS }),
  });
}

/** An account as the ledger and the log show it. */
export const personOf = (user: User): Person => ({
  id: user.id,
  name: user.name,
  role: user.role === "admin" ? "admin" : "viewer",
});

/** A room as the ledger notes it. */
export const giftRoom = (room: StoredRoom, programs: ProgramView): GiftRoom => ({
  id: room.id,
  slug: room.slug,
  hostId: room.host.id,
  programId: programs.onAir(room.slug)?.programId ?? null,
});
