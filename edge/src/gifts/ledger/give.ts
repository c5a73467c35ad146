import { answerRepeated, type Books, comboState, contentOf, giftBody, NO_PARTICULARS, tellComboEnd } from "./books.ts";
import { type ComboState, type Command, type Outcome, refused } from "./commands.ts";
import type { LedgerEntry } from "./outbox-rows.ts";
import { timeOrderedId } from "./time-ordered-id.ts";
import type { Leg, Transfer } from "./transfers.ts";

type GiftCommand = Command & { readonly kind: "gift" };
type PaidCommand = Command & { readonly kind: "paid" };

/** Moves the coins of a gift and tells the room; price and gift are the catalogue's. */
export function applyGift(books: Books, command: GiftCommand): Outcome {
  const { cid, sender, room, recipient, giftId, quantity, unitPrice, final } = command;
  const content = contentOf("gift", room.id, giftId, quantity, unitPrice, ...(recipient ? [recipient.id] : []));
  const repeated = answerRepeated(books, { askedBy: sender.id, cid, content });
  if (repeated) return repeated;
  if (recipient?.onStage === false) return refused("not-on-stage");
  const gift = books.catalogues.gift(giftId);
  if (!gift) return refused("gift-not-found");
  if (gift.price !== unitPrice) return refused("price-changed", `It costs ${gift.price} now.`);
  const amount = gift.price * quantity;
  const refusal = whyNot(books, sender.id, amount);
  if (refusal) return refusal;

  const nowMs = books.nowMs();
  const tx = timeOrderedId(nowMs);
  const { combo, ended } = books.combos.add({
    ...{
      roomId: room.id,
      userId: sender.id,
      giftId,
      toId: recipient?.id ?? room.hostId,
      tx,
      quantity,
      value: amount,
      nowMs,
    },
    final: final || !gift.combo,
  });
  if (recipient) books.tallies.meet(recipient);
  // what came before must be told before
  if (ended) tellComboEnd(books, ended);
  return give(books, command, {
    ...{ tx, content, amount, nowMs },
    combo: comboState(combo),
    particulars: {
      giftId,
      catalogueVersion: gift.version,
      quantity,
      unitPrice,
      comboId: combo.id,
      toId: recipient?.id ?? null,
    },
    entry: { kind: "gift", body: giftBody(combo, { tx, quantity, toName: recipient?.name }) },
  });
}

/** Moves the coins of a paid message and tells the room. */
export function applyPaid(books: Books, command: PaidCommand): Outcome {
  const { cid, sender, room, amount, text, pinMs } = command;
  const content = contentOf("paid", room.id, amount, text);
  const repeated = answerRepeated(books, { askedBy: sender.id, cid, content });
  if (repeated) return repeated;
  const refusal = whyNot(books, sender.id, amount);
  if (refusal) return refusal;
  const nowMs = books.nowMs();
  const tx = timeOrderedId(nowMs);
  return give(books, command, {
    ...{ tx, content, amount, nowMs, combo: null },
    particulars: { note: text },
    entry: { kind: "paid", body: { tx, text, coins: amount, pinnedUntilMs: nowMs + pinMs } },
  });
}

function whyNot({ transfers, tallies, periods, nowMs }: Books, userId: string, value: number): Outcome | undefined {
  const capped = tallies.cappedBy({ userId, day: periods.day(nowMs()), value });
  if (capped !== undefined) return refused("spending-cap", capped);
  return transfers.balance(userId) < value ? refused("insufficient-coins") : undefined;
}

function give(
  books: Books,
  command: GiftCommand | PaidCommand,
  gift: {
    readonly tx: string;
    readonly content: string;
    readonly amount: number;
    readonly nowMs: number;
    readonly combo: ComboState | null;
    readonly particulars: Partial<Transfer>;
    readonly entry: LedgerEntry;
  },
): Outcome {
  const { transfers, tallies, outbox, periods } = books;
  const { kind, cid, sender, room, mediaMs } = command;
  const { tx, amount, nowMs } = gift;
  const day = periods.day(nowMs);
  const transferId = transfers.nextId();
  const transfer: Transfer = {
    ...NO_PARTICULARS,
    ...gift.particulars,
    ...{ id: transferId, tx, askedBy: sender.id, cid, content: gift.content, kind, amount, atMs: nowMs, day },
    ...{ userId: sender.id, roomId: room.id, room: room.slug, programId: room.programId, hostId: room.hostId },
  };
  const earner = transfer.toId ?? room.hostId;
  transfers.post(transfer, split(amount, { userId: sender.id, earner, percent: books.rules.hostPercent }));
  tallies.count({ userId: sender.id, roomId: room.id, programId: room.programId, day, value: amount });
  tallies.meet(sender);
  outbox.add({ cid: tx, transferId, roomId: room.id, author: sender, ...gift.entry, mediaMs, atMs: nowMs });
  const balance = transfers.balance(sender.id);
  return { ok: true, receipt: { tx, amount, balance, combo: gift.combo, repeated: false } };
}

/** The sender pays; the share of whom it was for is rounded down and the platform has the rest. */
function split(
  amount: number,
  parties: { readonly userId: string; readonly earner: string; readonly percent: number },
): Leg[] {
  const share = Math.floor((amount * parties.percent) / 100);
  return [
    { kind: "user", owner: parties.userId, amount: -amount },
    { kind: "host", owner: parties.earner, amount: share },
    { kind: "platform", owner: "", amount: amount - share },
  ];
}
