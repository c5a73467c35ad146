/** Who is kept out of which room's video, in memory: asked for each request, so it never waits for anything. */
import type { ViewerPass } from "./viewer-pass.ts";

/** What is kept out: a person, a device, or an address that shows no pass. */
export type Mark = `u:${string}` | `d:${string}` | `a:${string}`;

/** One person kept out of one room by all marks known of them. */
export interface Removal {
  readonly room: string;
  /** Id of the person in the room, by which the removal is taken back. */
  readonly subject: string;
  /** Wall time; FOREVER_MS without an end. */
  readonly untilMs: number;
  readonly marks: readonly Mark[];
  /** New devices at the marked addresses are kept out as well. */
  readonly strict: boolean;
}

/** The removals of this process. */
export interface Removals {
  /** When the viewer may come back (wall time), undefined when nothing keeps them out. */
  untilFor(room: string, pass: ViewerPass | undefined, address: string, nowMs: number): number | undefined;
  /** Adds a removal; replaces the one of the same person in the room. */
  put(removal: Removal): void;
  lift(room: string, subject: string): void;
  /** Removals that keep new devices at an address out. */
  strictAt(address: string, nowMs: number): readonly Removal[];
  all(): readonly Removal[];
  /** Forgets what is over. */
  sweep(nowMs: number): void;
}

/** Marks in one room; the oldest removals give way beyond it. */
const MAX_REMOVALS = 10_000;

interface RoomRemovals {
  readonly bySubject: Map<string, Removal>;
  readonly byMark: Map<string, number>;
}

/** Makes {@link Removals}. */
export function createRemovals(): Removals {
  const rooms = new Map<string, RoomRemovals>();
  const rebuild = (room: string, bySubject: Map<string, Removal>) => {
    const byMark = new Map<string, number>();
    for (const { marks, untilMs } of bySubject.values()) {
      for (const mark of marks) byMark.set(mark, Math.max(untilMs, byMark.get(mark) ?? 0));
    }
    if (bySubject.size === 0) rooms.delete(room);
    else rooms.set(room, { bySubject, byMark });
  };
  const subjectsOf = (room: string) => rooms.get(room)?.bySubject ?? new Map<string, Removal>();
  const all = () => [...rooms.values()].flatMap(({ bySubject }) => [...bySubject.values()]);
  return {
    untilFor(room, pass, address, nowMs) {
      const marks = rooms.get(room)?.byMark;
      if (!marks) return undefined;
      const untilMs = pass
        ? Math.max(marks.get(`d:${pass.device}`) ?? 0, pass.userId === "" ? 0 : (marks.get(`u:${pass.userId}`) ?? 0))
        : (marks.get(`a:${address}`) ?? 0);
      return untilMs > nowMs ? untilMs : undefined;
    },
    put(removal) {
      const bySubject = subjectsOf(removal.room);
      bySubject.delete(removal.subject);
      bySubject.set(removal.subject, removal);
      const oldest = bySubject.size > MAX_REMOVALS ? bySubject.keys().next().value : undefined;
      if (oldest !== undefined) bySubject.delete(oldest);
      rebuild(removal.room, bySubject);
    },
    lift(room, subject) {
      const bySubject = subjectsOf(room);
      if (bySubject.delete(subject)) rebuild(room, bySubject);
    },
    strictAt: (address, nowMs) =>
      all().filter(({ strict, marks, untilMs }) => strict && untilMs > nowMs && marks.includes(`a:${address}`)),
    all,
    sweep(nowMs) {
      for (const [room, { bySubject }] of rooms) {
        for (const [subject, { untilMs }] of bySubject) if (untilMs <= nowMs) bySubject.delete(subject);
        rebuild(room, bySubject);
      }
    },
  };
}
