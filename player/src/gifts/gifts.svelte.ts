/** Gifts of one room as its viewer deals with them: price list, wallet, own combo, what went wrong. */
import type { Catalogue, CatalogueGift, GiftReceipt, Problem } from "@lianmai/edge/protocol";
import { problemFrom } from "../api/request.ts";
import type { GiftApi } from "./gift-api.ts";
import type { GiftStage } from "./gift-stage.svelte.ts";
import { newCid } from "./new-cid.ts";
import type { Receiver } from "./receivers.ts";
import { sendSurely } from "./send-surely.ts";

/** The sender's own running combo. */
export interface OwnCombo {
  readonly gift: CatalogueGift;
  /** Whom it is for; undefined for the host. */
  readonly to: Receiver | undefined;
  /** As the server counted. */
  readonly total: number;
  /** Until when the next gift still belongs to it. */
  readonly untilMs: number;
}

/** Taps that have not been sent. */
interface Wanted {
  readonly gift: CatalogueGift;
  readonly to: Receiver | undefined;
  readonly quantity: number;
}

/** Most of one gift in one request. */
const MAX_QUANTITY = 999;

type Parts = {
  readonly slug: string;
  readonly api: Pick<GiftApi, "catalogue" | "wallet" | "send" | "say">;
  readonly stage: Pick<GiftStage, "see">;
  /** Name under which the viewer gives. */
  readonly name: () => string;
};

export class Gifts {
  catalogue = $state.raw<Catalogue>();
  balance = $state<number>();
  /** Whom the next gift is for; undefined for the host. */
  to = $state.raw<Receiver>();
  combo = $state.raw<OwnCombo>();
  problem = $state.raw<Problem>();
  /** Sent, or about to be, without an answer yet. */
  underWay = $state(0);
  readonly #parts: Parts;
  readonly #wanted = new Map<string, Wanted>();
  readonly #sending = new Set<string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  giftOf(id: string): CatalogueGift | undefined {
    return this.catalogue?.gifts.find((gift) => gift.id === id);
  }

  async loadCatalogue(): Promise<void> {
    await this.#noting(async () => (this.catalogue = await this.#parts.api.catalogue()));
  }

  async loadWallet(): Promise<void> {
    await this.#noting(async () => (this.balance = (await this.#parts.api.wallet(null)).balance));
  }

  /** Gives; taps that come while one is under way go together in the next. */
  give(gift: CatalogueGift, quantity: number, to: Receiver | undefined): void {
    this.problem = undefined;
    const key = `${gift.id} ${to?.id ?? ""}`;
    const wanted = { gift, to, quantity: (this.#wanted.get(key)?.quantity ?? 0) + quantity };
    this.#wanted.set(key, wanted);
    this.underWay += quantity;
    if (!this.#sending.has(key)) void this.#sendWanted(key);
  }

  /** Sends a paid message; true when it is paid and on its way. */
  async say(text: string, amount: number): Promise<boolean> {
    this.problem = undefined;
    const cid = newCid();
    return await this.#noting(async () => {
      this.#take(await sendSurely(() => this.#parts.api.say(this.#parts.slug, { cid, amount, text })));
    });
  }

  async #sendWanted(key: string): Promise<void> {
    this.#sending.add(key);
    for (let next = this.#next(key); next; next = this.#next(key)) {
      const done = await this.#sendOne(next);
      this.underWay -= next.quantity;
      if (!done) this.#forget(key);
    }
    this.#sending.delete(key);
  }

  async #sendOne({ gift, to, quantity }: Wanted): Promise<boolean> {
    const { slug, api, stage, name } = this.#parts;
    const body = { cid: newCid(), gift: gift.id, quantity, unitPrice: gift.price, ...(to && { to: to.id }) };
    return await this.#noting(async () => {
      const receipt = await sendSurely(() => api.send(slug, body));
      this.#take(receipt);
      if (!receipt.combo) return;
      const { id, quantity: total, final } = receipt.combo;
      stage.see({ combo: id, name: name(), toName: to?.name, giftId: gift.id, quantity, total });
      const untilMs = Date.now() + (this.catalogue?.comboWindowMs ?? 0);
      this.combo = final ? undefined : { gift, to, total, untilMs };
    });
  }

  #next(key: string): Wanted | undefined {
    const wanted = this.#wanted.get(key);
    if (!wanted) return undefined;
    const quantity = Math.min(wanted.quantity, MAX_QUANTITY);
    if (wanted.quantity > quantity) this.#wanted.set(key, { ...wanted, quantity: wanted.quantity - quantity });
    else this.#wanted.delete(key);
    return { ...wanted, quantity };
  }

  /** After a refusal the taps behind it would only be refused as well. */
  #forget(key: string): void {
    this.underWay -= this.#wanted.get(key)?.quantity ?? 0;
    this.#wanted.delete(key);
  }

  #take({ balance }: GiftReceipt): void {
    this.balance = balance;
  }

  /** Does `work`; a failure becomes {@link problem}, and what it tells to be old is read again. */
  async #noting(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.problem = problemFrom(error);
      const { code } = this.problem;
      if (code === "price-changed" || code === "gift-not-found") this.catalogue = await this.#parts.api.catalogue();
      if (code === "insufficient-coins") this.balance = (await this.#parts.api.wallet(null)).balance;
      return false;
    }
  }
}
