/** Chat over the picture: which messages cross it, in which lane, and what is left out. */
import type { Entry } from "@lianmai/edge/protocol/room";
import { type LaneOptions, Lanes } from "./lanes.ts";
import { type DanmakuSettings, loadSettings, saveSettings } from "./settings.ts";

/** A message on its way over the picture. */
export interface Flying {
  readonly key: string;
  readonly entry: Entry;
  readonly lane: number;
  readonly crossMs: number;
  readonly isYours: boolean;
}

/** From edge to edge, or standing for who wants no motion. */
const CROSS_MS = 8_000;
const STAND_MS = 5_000;
/** Texts of the past, which come at joining, do not fly. */
const FRESH_MS = 10_000;
/** Over the picture at once, by density; others are dropped: the chat has them. */
const MOST = { low: 12, medium: 30, high: 70 } as const;
/** Share of the picture's height that lanes take, by density. */
const SHARE = { low: 0.25, medium: 0.5, high: 0.8 } as const;

/** What a message looks like over the picture; undefined for kinds that stay in the chat. */
export function flyingText(entry: Entry): string | undefined {
  if (entry.kind === "text") return entry.body.text;
  return entry.kind === "emote" ? `:${entry.body.emote}:` : undefined;
}

export class Danmaku {
  settings = $state.raw<DanmakuSettings>(loadSettings());
  flying = $state.raw<readonly Flying[]>([]);
  /** Left out for want of room, since the page was opened. */
  dropped = $state(0);
  readonly #nowMs: () => number;
  #crossMs = CROSS_MS;
  readonly #lanes = new Lanes({ lanes: 0, widthPx: 0, crossMs: CROSS_MS });

  constructor(parts: { readonly nowMs?: () => number } = {}) {
    this.#nowMs = parts.nowMs ?? Date.now;
  }

  /** Share of the picture's height that lanes may take. */
  get share(): number {
    return SHARE[this.settings.density];
  }

  change(change: Partial<DanmakuSettings>): void {
    this.settings = { ...this.settings, ...change };
    saveSettings(this.settings);
    if (!this.settings.isOn) this.flying = [];
  }

  resize(options: Omit<LaneOptions, "crossMs">): void {
    this.#crossMs = options.isStill ? STAND_MS : CROSS_MS;
    this.#lanes.resize({ ...options, crossMs: this.#crossMs });
  }

  /** Takes an entry of the log; `widthOf` measures its text. */
  hear(
    entry: Entry,
    { youId, widthOf }: { readonly youId: string | undefined; widthOf: (text: string) => number },
  ): void {
    if (entry.kind === "act") this.#withdraw(entry);
    const text = flyingText(entry);
    if (!this.settings.isOn || text === undefined || this.#nowMs() - entry.atMs > FRESH_MS) return;
    const isYours = entry.from.id === youId;
    const isFull = this.flying.length >= MOST[this.settings.density] && !isYours;
    const lane = isFull ? undefined : this.#lanes.take(widthOf(text), this.#nowMs());
    if (lane === undefined) {
      this.dropped += 1;
      return;
    }
    this.flying = [...this.flying, { key: entry.cid, entry, lane, crossMs: this.#crossMs, isYours }];
  }

  /** A message has crossed. */
  landed(key: string): void {
    this.flying = this.flying.filter((one) => one.key !== key);
  }

  /** What a moderator withdraws leaves the picture at once. */
  #withdraw({ body }: Extract<Entry, { readonly kind: "act" }>): void {
    if (body.act === "delete") this.landed(body.cid);
    else if (body.act === "purge") this.flying = this.flying.filter(({ entry }) => entry.from.id !== body.user);
  }
}
