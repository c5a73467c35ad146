/** The list of a room's chat, bounded: log changes, pages of the archive and the outbox in; lines out. No runes. */
import type { Entry, EntryOf, Position } from "@lianmai/edge/protocol/room";
import type { OutboxChange, OutboxItem } from "../connection/outbox.ts";
import type { LogChange } from "../connection/room-track.ts";
import { type Delivery, type EntryLine, type GapLine, hasLine, isPurgedWith, type Line, type OwnLine } from "./line.ts";

/** Lines kept while the newest are read; the oldest go. */
export const MAX_LINES = 300;
/** Lines kept for somebody who reads back. */
export const MAX_READ_BACK = 2_000;
/** Refused messages that wait for their writer's decision. */
const MAX_REFUSED = 20;
/** Own messages whose way to the disk is still shown. */
const MAX_DURABLE = 200;
/** A combo's next gift belongs to the line of the one before for this long. */
const COMBO_LINE_MS = 30_000;

type Placed = EntryLine | GapLine;

export class ChatLines {
  /** Changes with every change of the lines. */
  version = 0;
  #placed: Placed[] = [];
  readonly #outbox = new Map<string, OutboxItem>();
  #refused: OwnLine[] = [];
  readonly #durable = new Set<string>();
  readonly #combos = new Map<string, { readonly key: string; readonly atMs: number }>();
  #gaps = 0;

  /** All lines, oldest first; own messages without a place stand last. */
  get lines(): readonly Line[] {
    const placed = new Set(this.#placed.map(({ key }) => key));
    const waiting = [...this.#outbox.values()]
      .filter(({ cid }) => !placed.has(cid))
      .map((item): OwnLine => ({ line: "own", key: item.cid, item }));
    const shown = this.#placed.map((line) => this.#withDelivery(line));
    return [...shown, ...this.#refused, ...waiting];
  }

  /** Place of the oldest entry in the list; undefined while there is none. */
  get oldest(): Position | undefined {
    const first = this.#placed.find((line) => line.line === "entry");
    return first?.line === "entry" ? first.entry : undefined;
  }

  find(cid: string): EntryLine | undefined {
    const found = this.#placed.find(({ key }) => key === cid);
    return found?.line === "entry" ? found : undefined;
  }

  /** Entries of a room that was joined anew from nothing may be known already. */
  change(change: LogChange): void {
    this.version += 1;
    if (change.change === "add") this.#add(change.entry);
    else if (change.change === "retract") {
      const { gen, last } = change;
      this.#placed = this.#placed.filter(
        (line) => line.line !== "entry" || line.entry.gen !== gen || line.entry.seq <= last,
      );
    } else {
      const { why, from, to } = change.skip;
      this.#placed.push(this.#gap(why, to - from + 1));
    }
  }

  /** Takes a page of the archive, newest first, in front of the list. */
  prepend(entries: readonly Entry[]): void {
    this.version += 1;
    const known = new Set(this.#placed.map(({ key }) => key));
    const older = entries.filter((entry) => hasLine(entry) && !known.has(entry.cid)).map(lineOf);
    this.#placed = [...older.reverse(), ...this.#placed];
    const excess = this.#placed.length - MAX_READ_BACK;
    if (excess <= 0) return;
    // whoever reads back does not look at the newest: those make room, and are fetched again on the way down
    this.#placed = this.#placed.slice(0, MAX_READ_BACK);
    this.#placed.push(this.#gap("cleared", excess));
  }

  /** Whether newer lines were left out for older ones. */
  get hasLeftOut(): boolean {
    return this.#placed.some((line) => line.line === "gap" && line.why === "cleared");
  }

  /** Forgets all entries, so that the newest can be read anew. */
  clear(): void {
    this.version += 1;
    this.#placed = [];
  }

  /** Puts the body back into an entry that was withdrawn before it came here. */
  refill(entry: Entry): void {
    this.version += 1;
    this.#replace(entry.cid, () => lineOf(entry));
  }

  /** What the sender's own messages do. */
  outbox(change: OutboxChange): void {
    this.version += 1;
    const { item } = change;
    if (change.change === "item") {
      this.#outbox.set(item.cid, item);
      return;
    }
    this.#outbox.delete(item.cid);
    if (change.change === "durable") this.#remember(item.cid);
    else {
      const { code, untilMs, hint } = change.nack;
      const refusal = { code, ...(untilMs !== undefined && { untilMs }), ...(hint !== undefined && { hint }) };
      this.#refused = [...this.#refused, { line: "own" as const, key: item.cid, item, refusal }].slice(-MAX_REFUSED);
    }
  }

  /** Takes an own message out that was given up. */
  dismiss(cid: string): void {
    this.version += 1;
    this.#outbox.delete(cid);
    this.#refused = this.#refused.filter(({ key }) => key !== cid);
  }

  /** Lets the oldest go: while the newest are read few are kept. */
  trim(isReadingBack: boolean): void {
    const most = isReadingBack ? MAX_READ_BACK : MAX_LINES;
    if (this.#placed.length <= most) return;
    this.version += 1;
    this.#placed = this.#placed.slice(-most);
  }

  #add(entry: Entry): void {
    if (entry.kind === "act") this.#act(entry);
    if (!hasLine(entry) || this.#placed.some(({ key }) => key === entry.cid)) return;
    if (entry.kind === "gift" && this.#joinsCombo(entry)) return;
    this.#placed.push(lineOf(entry));
  }

  /** Gifts of one running combo share a line; totals are absolute, the highest stands. */
  #joinsCombo(entry: EntryOf<"gift">): boolean {
    const { combo, total, quantity } = entry.body;
    const known = this.#combos.get(combo);
    const isJoined = known !== undefined && entry.atMs - known.atMs < COMBO_LINE_MS;
    if (isJoined) {
      this.#combos.set(combo, { key: known.key, atMs: entry.atMs });
      this.#replace(known.key, (line) =>
        line.entry.kind === "gift" && line.entry.body.total < total
          ? { ...line, entry: { ...line.entry, body: entry.body } }
          : line,
      );
      return true;
    }
    if (quantity === 0) return true;
    this.#combos.set(combo, { key: entry.cid, atMs: entry.atMs });
    if (this.#combos.size > MAX_LINES) this.#combos.delete(this.#combos.keys().next().value ?? "");
    return false;
  }

  #act({ body }: EntryOf<"act">): void {
    if (body.act === "delete" || body.act === "restore") {
      this.#replace(body.cid, (line) => ({ ...line, isGone: body.act === "delete" }));
    } else if (body.act === "purge") {
      this.#placed = this.#placed.map((line) =>
        line.line === "entry" && isPurgedWith(line.entry, body.user) ? { ...line, isGone: true } : line,
      );
    }
  }

  #replace(key: string, change: (line: EntryLine) => EntryLine): void {
    this.#placed = this.#placed.map((line) => (line.key === key && line.line === "entry" ? change(line) : line));
  }

  #withDelivery(line: Placed): Line {
    if (line.line === "gap") return line;
    const delivery = this.#deliveryOf(line.key);
    return delivery ? { ...line, delivery } : line;
  }

  #deliveryOf(cid: string): Delivery | undefined {
    if (this.#outbox.has(cid)) return "placed";
    return this.#durable.has(cid) ? "durable" : undefined;
  }

  #remember(cid: string): void {
    this.#durable.add(cid);
    if (this.#durable.size > MAX_DURABLE) this.#durable.delete(this.#durable.values().next().value ?? "");
  }

  #gap(why: GapLine["why"], count: number): GapLine {
    this.#gaps += 1;
    return { line: "gap", key: `gap-${this.#gaps}`, why, count };
  }
}

const lineOf = (entry: Entry): EntryLine => ({
  line: "entry",
  key: entry.cid,
  entry,
  isGone: entry.kind === "gone",
});
