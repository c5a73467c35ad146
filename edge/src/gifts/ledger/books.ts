import { createHash } from "node:crypto";
import type { BodyOf } from "../../protocol/room/entry.ts";
import type { Catalogues } from "./catalogue.ts";
import type { Combo, Combos } from "./combos.ts";
import { type ComboState, type Outcome, refused } from "./commands.ts";
import type { Outbox } from "./outbox-rows.ts";
import type { Periods } from "./periods.ts";
import type { Caps, Tallies } from "./tallies.ts";
import { timeOrderedId } from "./time-ordered-id.ts";
import type { Transfer, Transfers } from "./transfers.ts";

/** What an installation decides. */
export interface LedgerRules {
  /** Share of a gift that is the host's, in percent; the rest is the platform's. */
  readonly hostPercent: number;
  readonly caps: Caps;
  readonly comboWindowMs: number;
  /** IANA zone of days and months. */
  readonly timeZone: string;
}

/** What applying a command works with. */
export interface Books {
  readonly transfers: Transfers;
  readonly combos: Combos;
  readonly catalogues: Catalogues;
  readonly tallies: Tallies;
  readonly outbox: Outbox;
  readonly periods: Periods;
  readonly rules: LedgerRules;
  nowMs(): number;
}

/** Tells the room that a combo is over: nothing given, the totals for good. */
export function tellComboEnd(books: Books, combo: Combo): void {
  const { outbox, tallies, nowMs } = books;
  const { roomId, userId } = combo;
  const toName = books.transfers.byTx(combo.lastTx)?.toId ? tallies.person(combo.toId).name : undefined;
  const body = giftBody(combo, { tx: combo.lastTx, quantity: 0, toName });
  const atMs = nowMs();
  const author = tallies.person(userId);
  outbox.add({ cid: timeOrderedId(atMs), transferId: null, roomId, author, kind: "gift", body, mediaMs: null, atMs });
}

/** Body of a gift's entry: what came with it, and the combo's absolute totals. */
export const giftBody = (
  { id, giftId, toId, quantity: total, value, final }: Combo,
  gift: {
    readonly tx: string;
    readonly quantity: number /** Of somebody who is not the host. */;
    readonly toName: string | undefined;
  },
): BodyOf<"gift"> => ({
  gift: giftId,
  tx: [gift.tx],
  to: toId,
  ...(gift.toName !== undefined && { toName: gift.toName }),
  combo: id,
  quantity: gift.quantity,
  total,
  coins: value,
  final,
});

/** The public part of a combo. */
export const comboState = ({ id, quantity, value, final }: Combo): ComboState => ({ id, quantity, value, final });

/** Digest of what was asked for: the same id with another digest is a conflict. */
export const contentOf = (...parts: readonly (string | number | null)[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("base64url");

/** The columns that only some kinds of transfers have, empty. */
export const NO_PARTICULARS = {
  roomId: null,
  room: null,
  programId: null,
  hostId: null,
  toId: null,
  giftId: null,
  catalogueVersion: null,
  quantity: null,
  unitPrice: null,
  comboId: null,
  note: null,
  refunds: null,
} as const satisfies Partial<Transfer>;

/**
 * Answers what was asked before under the same id: its receipt, or a conflict when something else is asked for now.
 * Undefined when the id is new.
 */
export function answerRepeated(
  { transfers, combos }: Books,
  asked: { readonly askedBy: string; readonly cid: string; readonly content: string },
): Outcome | undefined {
  const before = transfers.asked(asked.askedBy, asked.cid);
  if (!before) return undefined;
  if (before.content !== asked.content) return refused("cid-conflict");
  const combo = before.comboId === null ? undefined : combos.byId(before.comboId);
  return {
    ok: true,
    receipt: {
      tx: before.tx,
      amount: before.amount,
      balance: transfers.balance(before.userId),
      combo: combo ? comboState(combo) : null,
      repeated: true,
    },
  };
}
