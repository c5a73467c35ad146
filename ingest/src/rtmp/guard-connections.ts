import type { RtmpLimits } from "./limits.ts";

/** Bounds the connections that are not live. `evict` ends the oldest one, so that a flood cannot keep others out. */
export class ConnectionGate<T> {
  readonly #limits: Pick<RtmpLimits, "pending" | "pendingPerAddress">;
  readonly #evict: (connection: T) => void;
  readonly #pending = new Map<T, string>();
  readonly #perAddress = new Map<string, number>();

  constructor(
    limits: Pick<RtmpLimits, "pending" | "pendingPerAddress">,
    options: { readonly evict: (connection: T) => void },
  ) {
    this.#limits = limits;
    this.#evict = options.evict;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Whether one more connection of this address may wait; the caller then calls {@link enter}. */
  allows(address: string): boolean {
    return (this.#perAddress.get(addressGroup(address)) ?? 0) < this.#limits.pendingPerAddress;
  }

  enter(connection: T, address: string): void {
    if (this.#pending.size >= this.#limits.pending) {
      const [oldest] = this.#pending.keys();
      if (oldest !== undefined) {
        this.leave(oldest);
        this.#evict(oldest);
      }
    }
    const group = addressGroup(address);
    this.#pending.set(connection, group);
    this.#perAddress.set(group, (this.#perAddress.get(group) ?? 0) + 1);
  }

  /** The connection is live or gone. Harmless when repeated. */
  leave(connection: T): void {
    const group = this.#pending.get(connection);
    if (group === undefined) return;
    this.#pending.delete(connection);
    const rest = (this.#perAddress.get(group) ?? 1) - 1;
    if (rest > 0) this.#perAddress.set(group, rest);
    else this.#perAddress.delete(group);
  }
}

/** What counts as one sender: an IPv4 address, or the /64 of an IPv6 address. */
export function addressGroup(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1]) return mapped[1];
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.toLowerCase().split("%", 1)[0]?.split("::") ?? [];
  const before = head === "" ? [] : head.split(":");
  const after = tail === "" ? [] : tail.split(":");
  const zeros = address.includes("::") ? Array.from({ length: 8 - before.length - after.length }, () => "0") : [];
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}
