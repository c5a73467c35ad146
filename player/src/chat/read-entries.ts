import type { Entry, Position } from "@lianmai/edge/protocol/room";
import { request } from "../api/request.ts";

/** A page of a room's archive, newest first; `next` undefined at the beginning. */
export interface EntryPage {
  readonly entries: readonly Entry[];
  readonly next: Position | undefined;
}

/** What to read. */
export interface PageWish {
  /** Entries before this place; the newest without it. */
  readonly before?: Position;
  readonly limit?: number;
  /** Only those of this person. */
  readonly user?: string;
}

/** Reads a page of the archive. @throws {ApiError} */
export async function readEntries(slug: string, { before, limit = 60, user }: PageWish): Promise<EntryPage> {
  const query = new URLSearchParams({ limit: String(limit) });
  if (before) query.set("before", `${before.gen}-${before.seq}`);
  if (user !== undefined) query.set("user", user);
  const page = await request<{ readonly entries: readonly Entry[]; readonly next: string | null }>(
    "GET",
    `/rooms/${encodeURIComponent(slug)}/entries?${query}`,
  );
  const [gen = 0, seq = 0] = (page.next ?? "").split("-").map(Number);
  return { entries: page.entries, next: page.next === null ? undefined : { gen, seq } };
}
