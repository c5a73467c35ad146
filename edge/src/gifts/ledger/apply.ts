import type { Clock } from "@lianmai/process";
import type { Database } from "../../storage/database.ts";
import { createAccountSums } from "./account-sums.ts";
import { type Books, type LedgerRules, tellComboEnd } from "./books.ts";
import { createCatalogues } from "./catalogue.ts";
import { createCombos } from "./combos.ts";
import { type Command, DONE, type Outcome, refused } from "./commands.ts";
import { applyGift, applyPaid } from "./give.ts";
import { applyIssue } from "./issue.ts";
import { createOutbox } from "./outbox-rows.ts";
import { createPeriods } from "./periods.ts";
import { applyRefund, refundRefused } from "./refund.ts";
import { createTallies } from "./tallies.ts";
import { createTransfers } from "./transfers.ts";

/** Combos that one command ends at most. */
const MAX_ENDED_AT_ONCE = 500;

/** Applies one command inside the caller's transaction. Refusals leave nothing behind. */
export type Apply = (command: Command) => Outcome;

/**
 * Makes {@link Apply} on a database whose schema is up to date. It remembers what it has read: when a transaction has
 * failed as a whole, or another process has written, a new one must be made.
 */
export function createApply(
  database: Database,
  options: { readonly rules: LedgerRules; readonly clock: Clock },
): Apply {
  const open = () => openBooks(database, options);
  const sums = createAccountSums(database);
  let books = open();
  const run = (command: Command): Outcome => {
    switch (command.kind) {
      case "gift":
        return applyGift(books, command);
      case "paid":
        return applyPaid(books, command);
      case "refund":
        return applyRefund(books, command);
      case "grant":
      case "top-up":
        return applyIssue(books, command);
      case "end-combo":
        return endCombo(books, command);
      case "tidy":
        for (const combo of books.combos.endOld(books.nowMs(), MAX_ENDED_AT_ONCE)) tellComboEnd(books, combo);
        sums.snapshot();
        return DONE;
      case "mark":
        for (const mark of command.marks) {
          books.outbox.mark(mark);
          if (mark.state === "refused") refundRefused(books, mark.id);
        }
        return DONE;
      case "catalogue":
        return changeCatalogue(books, command);
    }
  };
  return (command) => {
    try {
      return run(command);
    } catch (error) {
      // what the books remember may be undone with it
      books = open();
      throw error;
    }
  };
}

function openBooks(
  database: Database,
  { rules, clock }: { readonly rules: LedgerRules; readonly clock: Clock },
): Books {
  return {
    transfers: createTransfers(database),
    combos: createCombos(database, { windowMs: rules.comboWindowMs }),
    catalogues: createCatalogues(database),
    tallies: createTallies(database, { caps: rules.caps }),
    outbox: createOutbox(database),
    periods: createPeriods(rules.timeZone),
    rules,
    nowMs: () => Math.floor(clock.wallMs()),
  };
}

function endCombo(books: Books, command: Command & { kind: "end-combo" }): Outcome {
  const combo = books.combos.byId(command.comboId);
  if (combo?.userId !== command.userId) return refused("combo-not-found");
  const ended = books.combos.end(combo.id);
  if (ended) tellComboEnd(books, ended);
  return DONE;
}

function changeCatalogue(books: Books, command: Command & { kind: "catalogue" }): Outcome {
  if (books.catalogues.newest().version !== command.replaces) return refused("catalogue-changed");
  books.catalogues.add(command.gifts, { madeBy: command.askedBy, atMs: books.nowMs() });
  return DONE;
}
