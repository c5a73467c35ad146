/** A moderator's desk: several rooms, what waits in them, and the acts. */
import type {
  ActRequest,
  AuditEntry,
  Hold,
  ModerationState,
  ModesChange,
  Problem,
  Report,
} from "@lianmai/edge/protocol";
import type { ModerationApi } from "../api/moderation-api.ts";
import { problemFrom } from "../api/request.ts";

/** A room on the desk, as it was last read. */
export type DeskRoom = {
  readonly slug: string;
  readonly state: ModerationState | undefined;
  readonly problem: Problem | undefined;
};
/** Something that waits, with its room. */
export type Waiting =
  | { readonly kind: "hold"; readonly slug: string; readonly item: Hold }
  | { readonly kind: "report"; readonly slug: string; readonly item: Report };

const READ_EVERY_MS = 3_000;

export class Desk {
  rooms = $state.raw<readonly DeskRoom[]>([]);
  waiting = $state.raw<readonly Waiting[]>([]);
  audit = $state.raw<readonly (AuditEntry & { readonly slug: string })[]>([]);
  /** What went wrong with the last act. */
  failure = $state.raw<Problem>();
  readonly #api: ModerationApi;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(slugs: readonly string[], api: ModerationApi) {
    this.#api = api;
    this.rooms = slugs.map((slug) => ({ slug, state: undefined, problem: undefined }));
  }

  /** Reads all rooms now and every few seconds. */
  async read(): Promise<void> {
    clearTimeout(this.#timer);
    this.rooms = await Promise.all(this.rooms.map(({ slug }) => this.#readRoom(slug)));
    const readable = this.rooms.filter(({ state }) => state).map(({ slug }) => slug);
    const lists = await Promise.all(readable.map((slug) => this.#readLists(slug)));
    this.waiting = lists.flatMap(({ waiting }) => waiting).sort((a, b) => a.item.atMs - b.item.atMs);
    this.audit = lists.flatMap(({ audit }) => audit).sort((a, b) => b.id - a.id);
    if (!this.#closed) this.#timer = setTimeout(() => void this.read(), READ_EVERY_MS);
  }

  add(slug: string): void {
    if (slug === "" || this.rooms.some((room) => room.slug === slug)) return;
    this.rooms = [...this.rooms, { slug, state: undefined, problem: undefined }];
    void this.read();
  }

  remove(slug: string): void {
    this.rooms = this.rooms.filter((room) => room.slug !== slug);
    void this.read();
  }

  act = (slug: string, request: ActRequest): Promise<boolean> => this.#do(() => this.#api.act(slug, request));
  undo = (slug: string, auditId: number): Promise<boolean> => this.#do(() => this.#api.undo(slug, auditId));
  changeModes = (slug: string, change: ModesChange): Promise<boolean> =>
    this.#do(() => this.#api.changeModes(slug, change));
  pin = (slug: string, text: string): Promise<boolean> =>
    this.#do(() => (text === "" ? this.#api.unpin(slug) : this.#api.pin(slug, { text })));

  /** Approves or rejects a held message; upholds or dismisses a report. */
  decide({ kind, slug, item }: Waiting, good: boolean): Promise<boolean> {
    this.waiting = this.waiting.filter((other) => other.item.id !== item.id);
    return this.#do(() =>
      kind === "hold"
        ? this.#api.decideHold(slug, item.id, good ? "approve" : "reject")
        : this.#api.decideReport(slug, item.id, good ? "uphold" : "dismiss"),
    );
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #do(work: () => Promise<unknown>): Promise<boolean> {
    this.failure = undefined;
    try {
      await work();
      return true;
    } catch (error) {
      this.failure = problemFrom(error);
      return false;
    } finally {
      await this.read();
    }
  }

  async #readRoom(slug: string): Promise<DeskRoom> {
    try {
      return { slug, state: await this.#api.state(slug), problem: undefined };
    } catch (error) {
      return { slug, state: undefined, problem: problemFrom(error) };
    }
  }

  async #readLists(slug: string) {
    try {
      const [{ holds }, { reports }, { entries }] = await Promise.all([
        this.#api.holds(slug),
        this.#api.reports(slug),
        this.#api.audit(slug),
      ]);
      const held = holds.map((item): Waiting => ({ kind: "hold", slug, item }));
      const reported = reports.map((item): Waiting => ({ kind: "report", slug, item }));
      return { waiting: [...held, ...reported], audit: entries.map((entry) => ({ ...entry, slug })) };
    } catch {
      return { waiting: [], audit: [] };
    }
  }
}
