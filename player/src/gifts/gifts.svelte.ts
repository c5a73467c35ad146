/** Gifts of one room as its viewer deals with them: price list, wallet, own combo, what went wrong. */
import type { Catalogue, CatalogueGift, GiftReceipt, Problem } from "@lianmai/edge/protocol";
import { problemFrom } from "../api/request.ts";
import type { GiftApi } from "./gift-api.ts";
import type { GiftStage } from "./gift-stage.svelte.ts";
import { newCid } from "./new-cid.ts";
import { sendSurely } from "./send-surely.ts";

/** The sender's own running combo. */
export interface OwnCombo {
  readonly gift: CatalogueGift;
  /** As the server counted. */
  readonly total: number;
  /** Until when the next gift still belongs to it. */
  readonly untilMs: number;
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
  combo = $state.raw<OwnCombo>();
  problem = $state.raw<Problem>();
  /** Sent, or about to be, without an answer yet. */
  underWay = $state(0);
  readonly #parts: Parts;
  #wanted = new Map<string, number>();
  #sending = new Set<string>();

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
  give(gift: CatalogueGift, quantity: number): void {
    this.problem = undefined;
    this.#wanted.set(gift.id, (this.#wanted.get(gift.id) ?? 0) + quantity);
    this.underWay += quantity;
    if (!this.#sending.has(gift.id)) void this.#sendWanted(gift);
  }

  /** Sends a paid message; true when it is paid and on its way. */
  async say(text: string, amount: number): Promise<boolean> {
    this.problem = undefined;
    const cid = newCid();
    return await this.#noting(async () => {
      this.#take(await sendSurely(() => this.#parts.api.say(this.#parts.slug, { cid, amount, text })));
    });
  }

  async #sendWanted(gift: CatalogueGift): Promise<void> {
    this.#sending.add(gift.id);
    for (let quantity = this.#next(gift.id); quantity > 0; quantity = this.#next(gift.id)) {
      const done = await this.#sendOne(gift, quantity);
      this.underWay -= quantity;
      if (!done) this.#forget(gift.id);
    }
    this.#sending.delete(gift.id);
  }

  async #sendOne(gift: CatalogueGift, quantity: number): Promise<boolean> {
    const { slug, api, stage, name } = this.#parts;
    const body = { cid: newCid(), gift: gift.id, quantity, unitPrice: gift.price };
    return await this.#noting(async () => {
      const receipt = await sendSurely(() => api.send(slug, body));
      this.#take(receipt);
      if (!receipt.combo) return;
      const { id, quantity: total, final } = receipt.combo;
      stage.see({ combo: id, name: name(), giftId: gift.id, quantity, total });
      const untilMs = Date.now() + (this.catalogue?.comboWindowMs ?? 0);
      this.combo = final ? undefined : { gift, total, untilMs };
    });
  }

  #next(giftId: string): number {
    const wanted = this.#wanted.get(giftId) ?? 0;
    const now = Math.min(wanted, MAX_QUANTITY);
    this.#wanted.set(giftId, wanted - now);
    return now;
  }

  /** After a refusal the taps behind it would only be refused as well. */
  #forget(giftId: string): void {
    this.underWay -= this.#wanted.get(giftId) ?? 0;
    this.#wanted.set(giftId, 0);
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
