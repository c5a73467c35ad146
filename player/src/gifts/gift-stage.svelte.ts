/** What of the gifts in a room is to be seen over the picture: running combos, large gifts one by one, pinned words. */
import type { CatalogueGift } from "@lianmai/edge/protocol";
import type { WireEntry } from "@lianmai/edge/protocol/room";

/** A running combo; totals are absolute and only grow. */
export interface Banner {
  readonly combo: string;
  readonly name: string;
  /** Whom on the stage it is for; undefined for the host. */
  readonly toName: string | undefined;
  readonly gift: CatalogueGift | undefined;
  readonly total: number;
  /** Shown until then; each gift puts it off. */
  readonly untilMs: number;
}

/** A gift that has the whole picture for a moment. */
export interface Grand {
  readonly key: string;
  readonly name: string;
  readonly gift: CatalogueGift;
}

/** A paid message while it is pinned. */
export interface PinnedWords {
  readonly cid: string;
  readonly name: string;
  readonly text: string;
  readonly coins: number;
  readonly untilMs: number;
}

/** A gift as the stage takes it, from the log or from the sender's own receipt. */
export interface SeenGift {
  readonly combo: string;
  readonly name: string;
  readonly toName: string | undefined;
  readonly giftId: string;
  readonly quantity: number;
  readonly total: number;
}

/** How long a combo stays after its last gift. */
const BANNER_MS = 4_500;
const GRAND_MS = 4_200;
/** Banners at once; the one that would go first makes room. */
const MAX_BANNERS = 3;
/** Large gifts that wait for their turn; more are only counted in the chat. */
const MAX_GRAND = 6;
const MAX_PINNED = 20;
/** Combos whose totals are remembered, so that nothing is shown twice. */
const MAX_KNOWN = 300;

export class GiftStage {
  banners = $state.raw<readonly Banner[]>([]);
  grand = $state.raw<Grand>();
  pinned = $state.raw<readonly PinnedWords[]>([]);
  readonly #giftOf: (id: string) => CatalogueGift | undefined;
  readonly #nowMs: () => number;
  readonly #known = new Map<string, number>();
  #waiting: Grand[] = [];
  #grandUntilMs = 0;

  constructor(parts: { readonly giftOf: (id: string) => CatalogueGift | undefined; readonly nowMs?: () => number }) {
    this.#giftOf = parts.giftOf;
    this.#nowMs = parts.nowMs ?? Date.now;
  }

  /** Takes an entry of the room's log; kinds other than gifts and paid messages are not for the stage. */
  hear(entry: WireEntry): void {
    if (entry.kind === "gift") {
      const { combo, gift, quantity, total, toName } = entry.body;
      this.see({ combo, name: entry.from.name, toName, giftId: gift, quantity, total });
    } else if (entry.kind === "paid") {
      const { text, coins, pinnedUntilMs } = entry.body;
      this.#pin({ cid: entry.cid, name: entry.from.name, text, coins, untilMs: pinnedUntilMs });
    }
  }

  /** Shows a gift; what is already shown, or older than that, changes nothing. */
  see({ combo, name, toName, giftId, quantity, total }: SeenGift): void {
    if (quantity === 0 || (this.#known.get(combo) ?? 0) >= total) return;
    this.#remember(combo, total);
    const gift = this.#giftOf(giftId);
    const banner = { combo, name, toName, gift, total, untilMs: this.#nowMs() + BANNER_MS };
    const others = this.banners.filter((other) => other.combo !== combo);
    const isNew = others.length === this.banners.length;
    const kept = isNew && others.length >= MAX_BANNERS ? leavingOut(others) : others;
    this.banners = [...kept, banner].sort((a, b) => (a.combo < b.combo ? -1 : 1));
    if (gift && !gift.combo && this.#waiting.length < MAX_GRAND)
      this.#waiting.push({ key: `${combo} ${total}`, name, gift });
    this.tick();
  }

  /** Lets go of what has had its time; called every now and then. */
  tick(): void {
    const nowMs = this.#nowMs();
    if (this.banners.some(({ untilMs }) => untilMs <= nowMs)) {
      this.banners = this.banners.filter(({ untilMs }) => untilMs > nowMs);
    }
    if (this.pinned.some(({ untilMs }) => untilMs <= nowMs)) {
      this.pinned = this.pinned.filter(({ untilMs }) => untilMs > nowMs);
    }
    if (this.#grandUntilMs > nowMs) return;
    const next = this.#waiting.shift();
    if (next) this.#grandUntilMs = nowMs + GRAND_MS;
    if (this.grand !== next) this.grand = next;
  }

  #pin(words: PinnedWords): void {
    if (words.untilMs <= this.#nowMs() || this.pinned.some(({ cid }) => cid === words.cid)) return;
    this.pinned = [...this.pinned, words].sort((a, b) => b.coins - a.coins).slice(0, MAX_PINNED);
  }

  #remember(combo: string, total: number): void {
    this.#known.delete(combo);
    this.#known.set(combo, total);
    const oldest = this.#known.size > MAX_KNOWN ? this.#known.keys().next().value : undefined;
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

/** All but the banner that would go first. */
function leavingOut(banners: readonly Banner[]): readonly Banner[] {
  const first = Math.min(...banners.map(({ untilMs }) => untilMs));
  return banners.filter(({ untilMs }) => untilMs !== first);
}
