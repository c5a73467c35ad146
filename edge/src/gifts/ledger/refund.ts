import { answerRepeated, type Books, comboState, contentOf, NO_PARTICULARS } from "./books.ts";
import { type ComboState, type Command, type Outcome, refused } from "./commands.ts";
import { timeOrderedId } from "./time-ordered-id.ts";
import type { Transfer } from "./transfers.ts";

/** Code of the notice in the room's log. */
export const REFUND_CODE = "gift-refunded";

/** Undoes a transfer by one with the opposite entries. Each can be undone once; what came in must not be spent. */
export function applyRefund(books: Books, command: Command & { readonly kind: "refund" }): Outcome {
  const { transfers, periods } = books;
  const { askedBy, cid, tx: of, roomId, reason } = command;
  const content = contentOf("refund", of);
  const repeated = answerRepeated(books, { askedBy, cid, content });
  if (repeated) return repeated;
  const original = transfers.byTx(of);
  if (!original || original.kind === "refund" || (roomId !== null && original.roomId !== roomId)) {
    return refused("transfer-not-found");
  }
  if (transfers.isRefunded(original.id)) return refused("already-refunded");
  const givesBack = original.kind === "gift" || original.kind === "paid";
  if (!givesBack && transfers.balance(original.userId) < original.amount) {
    return refused("insufficient-coins", "The coins have been spent.");
  }
  const nowMs = books.nowMs();
  const tx = timeOrderedId(nowMs);
  const { amount, userId, room, programId, hostId, toId } = original;
  const refund: Transfer = {
    ...NO_PARTICULARS,
    ...{ id: transfers.nextId(), tx, askedBy, cid, content, kind: "refund", amount, atMs: nowMs },
    ...{ day: periods.day(nowMs), userId, roomId: original.roomId, room, programId, hostId, toId },
    ...{ comboId: original.comboId, note: reason, refunds: original.id },
  };
  transfers.reverse(refund);
  const combo = givesBack ? undoGift(books, original) : null;
  // the room hears nothing of what its log refused
  if (original.roomId !== null && !books.outbox.isRefused(original.id)) {
    books.outbox.add({
      ...{ cid: tx, transferId: refund.id, roomId: original.roomId, author: books.tallies.person(userId) },
      ...{ kind: "system", body: refundBody({ tx, of, amount, combo }), mediaMs: null, atMs: nowMs },
    });
  }
  return { ok: true, receipt: { tx, amount, balance: transfers.balance(userId), combo, repeated: false } };
}

/** Gives back what the room's log refused. */
export function refundRefused(books: Books, outboxId: number): void {
  const tx = books.outbox.txOf(outboxId);
  const reason = "refused by the room";
  if (tx !== undefined) applyRefund(books, { kind: "refund", askedBy: "room log", cid: tx, roomId: null, tx, reason });
}

/** What the room is told: the transfer that is undone, and what its combo has come to. */
const refundBody = (refund: {
  readonly tx: string;
  readonly of: string;
  readonly amount: number;
  readonly combo: ComboState | null;
}) => ({
  code: REFUND_CODE,
  values: {
    ...{ tx: refund.tx, of: refund.of, amount: refund.amount },
    ...(refund.combo && { combo: refund.combo.id, total: refund.combo.quantity, coins: refund.combo.value }),
  },
});

/** Takes the gift out of everything that counted it, in the periods in which it was counted. */
function undoGift({ tallies, combos }: Books, original: Transfer): ComboState | null {
  const { userId, programId, day, amount, comboId, quantity } = original;
  tallies.count({ userId, roomId: original.roomId ?? "", programId, day, value: -amount });
  const combo = comboId === null ? undefined : combos.takeOut(comboId, { quantity: quantity ?? 0, value: amount });
  return combo ? comboState(combo) : null;
}
