import type { ProblemCode } from "../../errors.ts";
import type { CatalogueGift } from "../../protocol/gifts.ts";
import type { Author } from "../../protocol/room/people.ts";

/** Who owns coins, as lists and the room's log show them. */
export type Person = Pick<Author, "id" | "name" | "role">;

/** Where something is given. */
export interface GiftRoom {
  readonly id: string;
  readonly slug: string;
  readonly hostId: string;
  /** What is on air; null when nothing is. */
  readonly programId: string | null;
}

/** Whom a gift is for, other than the host. `onStage`: in a seat when the gift was asked for. */
export interface Recipient extends Person {
  readonly onStage: boolean;
}

interface Asked {
  /** Id that the asking side made: idempotency key among all that `askedBy` asks. */
  readonly cid: string;
}

/** What the ledger is asked to do; plain values, as they cross threads and processes. */
export type Command =
  | (Asked & {
      readonly kind: "gift";
      readonly sender: Person;
      readonly room: GiftRoom;
      /** Somebody on the room's stage; null for the host. */
      readonly recipient: Recipient | null;
      readonly giftId: string;
      readonly quantity: number;
      /** The price that the sender saw; the ledger's own must be the same. */
      readonly unitPrice: number;
      /** Ends the combo with this gift. */
      readonly final: boolean;
      readonly mediaMs: number | null;
    })
  | (Asked & {
      readonly kind: "paid";
      readonly sender: Person;
      readonly room: GiftRoom;
      readonly amount: number;
      /** As the word filter passed it. */
      readonly text: string;
      readonly pinMs: number;
      readonly mediaMs: number | null;
    })
  | (Asked & {
      readonly kind: "refund";
      readonly askedBy: string;
      /** Only transfers of this room; null for any. */
      readonly roomId: string | null;
      readonly tx: string;
      readonly reason: string;
    })
  | (Asked & {
      readonly kind: "grant" | "top-up";
      readonly askedBy: string;
      readonly user: Person;
      readonly amount: number;
      readonly note: string;
    })
  | { readonly kind: "end-combo"; readonly comboId: string; readonly userId: string }
  /** What is due by the clock: old combos end, long accounts get snapshots. */
  | { readonly kind: "tidy" }
  | { readonly kind: "mark"; readonly marks: readonly OutboxMark[] }
  | {
      readonly kind: "catalogue";
      readonly askedBy: string;
      /** The version this one replaces. */
      readonly replaces: number;
      readonly gifts: readonly CatalogueGift[];
    };

/** Where an outbox row ended: at a position of the log that survives, or refused by the log. */
export type OutboxMark =
  | { readonly id: number; readonly state: "delivered"; readonly gen: number; readonly seq: number }
  | { readonly id: number; readonly state: "refused" };

/** The state of a combo, absolute. */
export interface ComboState {
  readonly id: string;
  readonly quantity: number;
  readonly value: number;
  readonly final: boolean;
}

/** What a command did. `repeated`: it had been done before, nothing changed now. */
export interface Receipt {
  readonly tx: string;
  readonly amount: number;
  /** Coins of the user afterwards. */
  readonly balance: number;
  readonly combo: ComboState | null;
  readonly repeated: boolean;
}

/** Codes with which the ledger refuses. */
export type LedgerCode = Extract<
  ProblemCode,
  | "cid-conflict"
  | "gift-not-found"
  | "not-on-stage"
  | "price-changed"
  | "insufficient-coins"
  | "spending-cap"
  | "transfer-not-found"
  | "already-refunded"
  | "combo-not-found"
  | "catalogue-changed"
  | "ledger-busy"
  | "ledger-away"
>;

/** A command's result. `receipt` is null for commands that move no coins. */
export type Outcome =
  | { readonly ok: true; readonly receipt: Receipt | null }
  | { readonly ok: false; readonly code: LedgerCode; readonly detail?: string };

/** A refusal. */
export const refused = (code: LedgerCode, detail?: string): Outcome => ({
  ok: false,
  code,
  ...(detail !== undefined && { detail }),
});

/** Done, without a receipt. */
export const DONE: Outcome = { ok: true, receipt: null };
