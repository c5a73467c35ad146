import { answerRepeated, type Books, contentOf, NO_PARTICULARS } from "./books.ts";
import type { Command, Outcome } from "./commands.ts";
import { timeOrderedId } from "./time-ordered-id.ts";

/** Brings new coins to a user: bought over there (top-up) or given by an admin (grant). */
export function applyIssue(books: Books, command: Command & { readonly kind: "grant" | "top-up" }): Outcome {
  const { transfers, tallies, periods } = books;
  const { kind, askedBy, cid, user, amount, note } = command;
  const content = contentOf(kind, user.id, amount, note);
  const repeated = answerRepeated(books, { askedBy, cid, content });
  if (repeated) return repeated;
  const nowMs = books.nowMs();
  const tx = timeOrderedId(nowMs);
  transfers.post(
    {
      ...NO_PARTICULARS,
      ...{ id: transfers.nextId(), tx, askedBy, cid, content, kind, amount, atMs: nowMs, day: periods.day(nowMs) },
      ...{ userId: user.id, note },
    },
    [
      { kind: "user", owner: user.id, amount },
      { kind: kind === "grant" ? "grants" : "payments", owner: "", amount: -amount },
    ],
  );
  tallies.meet(user);
  return { ok: true, receipt: { tx, amount, balance: transfers.balance(user.id), combo: null, repeated: false } };
}
