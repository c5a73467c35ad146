/** What is kept of room logs on disk, as the rest of the edge asks for it. */
import type { Position } from "../../protocol/room/entry.ts";
import type { Cut } from "../../protocol/room/frames.ts";
import type { StoredEntry } from "../log/doorbell.ts";

/** Entries of one room in order. */
export interface RoomEntries {
  readonly roomId: string;
  readonly entries: readonly StoredEntry[];
}

/** An archived entry; `goneBy` is the act that withdrew it. */
export interface ArchivedEntry extends StoredEntry {
  readonly goneBy?: string;
}

/** An entry that has its place, for recognising it again. */
export interface SeenEntry {
  readonly cid: string;
  readonly user: string;
  readonly at: Position;
  readonly atMs: number;
}

/** Which entries of a room: all of what is given must hold. */
export interface Selection {
  /** Words, any order; Chinese by pairs of characters. */
  readonly words?: string;
  readonly userId?: string;
  readonly kinds?: readonly string[];
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

/** The archive; promises, as another store may stand behind it. */
export interface Archive {
  /**
   * Writes entries, fsynced when it resolves; those behind the end of their generation are left out. Answers the
   * newest position on disk of each room.
   */
  write(rooms: readonly RoomEntries[]): Promise<Position[]>;
  /**
   * Ends the room's last generation, so that the next may begin after a loss of Redis's memory, which has kept it up to
   * `gen` and `last`: there, or at its newest archived entry when that is later. A generation begun since and forgotten
   * ends at what is archived of it. The first call for a loss decides; answers the end.
   */
  close(roomId: string, gen: number, last: number, loss: string): Promise<Cut>;
  /** Newest archived position: everything before it that was not cut is archived too. */
  newest(roomId: string): Promise<Position>;
  /** The last entries by id. */
  recent(roomId: string, options: { readonly sinceMs: number; readonly limit: number }): Promise<SeenEntry[]>;
  /** Entries of one generation, oldest first. */
  range(
    roomId: string,
    range: { readonly gen: number; readonly from: number; readonly to: number; readonly limit: number },
  ): Promise<ArchivedEntry[]>;
  /** Ends of generations from `gen` on. */
  cuts(roomId: string, gen: number): Promise<Cut[]>;
  find(roomId: string, cid: string): Promise<ArchivedEntry | undefined>;
  /** Entries before a position, newest first. */
  before(
    roomId: string,
    at: Position,
    options: { readonly limit: number; readonly selection?: Selection },
  ): Promise<ArchivedEntry[]>;
  /** Entries after a position, oldest first; for exports and replays. */
  after(
    roomId: string,
    at: Position,
    options: { readonly limit: number; readonly selection?: Selection },
  ): Promise<ArchivedEntry[]>;
  /** Forgets some of what is older than each room's limit; answers how many entries, 0 when there are none left. */
  expire(limits: readonly { readonly roomId: string; readonly beforeMs: number }[]): Promise<number>;
}

/** The same on one thread, without promises. */
export type ArchiveOperations = {
  readonly [Name in keyof Archive]: (...args: Parameters<Archive[Name]>) => Awaited<ReturnType<Archive[Name]>>;
};
