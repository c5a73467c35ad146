import type { Position } from "../../protocol/room/entry.ts";
import { compare } from "../log/positions.ts";
import type { Access } from "../people/room-access.ts";
import type { Outlet } from "./outlet.ts";

/** Unread bytes of a connection: above the first it gets no more values of the sheddable plane, above the second no batches. */
export const LITE_ABOVE_BYTES = 64 * 1_024;
export const LAG_ABOVE_BYTES = 256 * 1_024;

/** Who is told when an act is about a member's person. */
export interface MemberOwner {
  /** Out of the room by an act. */
  removed(member: Member, why: "kicked" | "banned", untilMs: number): void;
  /** Mute or role have changed: read them anew. */
  changed(member: Member): void;
}

/** One connection's place in one room. */
export class Member {
  readonly outlet: Outlet;
  readonly isLite: boolean;
  readonly owner: MemberOwner;
  access: Access;
  /** Where it stands while it lags. */
  cursor: Position | undefined;
  /** When it last made progress while lagging, monotonic ms. */
  movedMs = 0;
  /** Newest durable position it was told. */
  told: Position = { gen: 0, seq: 0 };
  #awaited: Position | undefined;

  constructor(outlet: Outlet, access: Access, options: { readonly isLite: boolean; readonly owner: MemberOwner }) {
    this.outlet = outlet;
    this.access = access;
    this.isLite = options.isLite;
    this.owner = options.owner;
  }

  /** Whether it waits to hear that something of its own is durable. */
  get awaits(): boolean {
    return this.#awaited !== undefined;
  }

  isTooSlow(): boolean {
    return this.outlet.buffered > LAG_ABOVE_BYTES;
  }

  fellBehind(at: Position): void {
    this.cursor = at;
    this.movedMs = performance.now();
  }

  /** Its own entry was placed there: it wants to know when that is durable. */
  wait(at: Position): void {
    if (!this.#awaited || compare(at, this.#awaited) > 0) this.#awaited = at;
  }

  toldDurable(durable: Position): void {
    this.told = durable;
    if (this.#awaited && compare(durable, this.#awaited) >= 0) this.#awaited = undefined;
  }
}
