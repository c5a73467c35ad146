import { createHash } from "node:crypto";

/** What somebody with power over others did, or began to do. */
export interface AuditFact {
  readonly atMs: number;
  /** Who: id, name and role at that time. */
  readonly actor: { readonly id: string; readonly name: string; readonly role: string };
  /** What, e.g. `mute`, `modes`, `hold-reject`, `failed`. */
  readonly act: string;
  /** Where: a room's id; empty for the whole site. */
  readonly roomId: string;
  /** On whom or what; empty when on nobody. */
  readonly subject: { readonly id: string; readonly name: string };
  /** Why: a reason code and the moderator's own words. */
  readonly reason: string;
  readonly note: string;
  /** The rest, by act: until when, which message, what before and after. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A fact in the chain. */
export interface AuditEntry extends AuditFact {
  /** Counts from 1 without gaps. */
  readonly id: number;
  /** Hash of the entry before; of the first, {@link GENESIS}. */
  readonly previous: string;
  readonly hash: string;
}

/** What the first entry names as its predecessor. */
export const GENESIS = "0".repeat(64);

/** SHA-256 (hex) over the predecessor's hash and everything the entry says, in one fixed order. */
export function hashOf(entry: Omit<AuditEntry, "hash">): string {
  const { id, previous, atMs, actor, act, roomId, subject, reason, note, detail } = entry;
  const said = [
    ...[previous, id, atMs, actor.id, actor.name, actor.role, act, roomId, subject.id, subject.name],
    ...[reason, note, canonical(detail)],
  ];
  return createHash("sha256").update(JSON.stringify(said)).digest("hex");
}

/** JSON with the keys of all objects in order. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** What is wrong with a chain, and where. */
export interface Breach {
  readonly id: number;
  readonly what: "gap" | "changed" | "unchained";
}

/** Goes through a chain from its first entry; answers the first breach of each kind of damage, in order. */
export function findBreach(
  entries: Iterable<AuditEntry>,
  anchor?: { readonly id: number; readonly hash: string },
): { readonly breach: Breach | undefined; readonly head: { readonly id: number; readonly hash: string } } {
  let head = { id: 0, hash: GENESIS };
  let anchored = anchor === undefined || anchor.id === 0;
  for (const entry of entries) {
    const what = damage(entry, head);
    if (what) return { breach: { id: entry.id, what }, head };
    head = { id: entry.id, hash: entry.hash };
    if (anchor?.id === entry.id) {
      if (anchor.hash !== entry.hash) return { breach: { id: entry.id, what: "changed" }, head };
      anchored = true;
    }
  }
  return { breach: anchored ? undefined : { id: head.id + 1, what: "gap" }, head };
}

function damage(entry: AuditEntry, head: { id: number; hash: string }): Breach["what"] | undefined {
  if (entry.id !== head.id + 1) return "gap";
  if (entry.previous !== head.hash) return "unchained";
  return hashOf(entry) === entry.hash ? undefined : "changed";
}
