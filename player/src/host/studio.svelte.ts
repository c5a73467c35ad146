/** The host's view of one room: what is on air and what ingest measures, asked for every second or two. */
import type { Problem, Room, RoomIngestHealth } from "@lianmai/edge/protocol";
import type { Api } from "../api/api.ts";
import { problemFrom } from "../api/request.ts";

const REFRESH_MS = 1_500;

export class Studio {
  room = $state.raw<Room>();
  health = $state.raw<RoomIngestHealth>();
  problem = $state.raw<Problem>();
  /** Grows every few refreshes; the preview follows it. */
  round = $state(0);
  readonly #slug: string;
  readonly #api: Pick<Api, "room" | "ingestHealth">;
  readonly #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  constructor(slug: string, api: Pick<Api, "room" | "ingestHealth">) {
    this.#slug = slug;
    this.#api = api;
  }

  /** Asks now and goes on asking. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    const { signal } = this.#abort;
    try {
      const [room, health] = await Promise.all([
        this.#api.room(this.#slug, signal),
        this.#api.ingestHealth(this.#slug, signal).catch(noneForOthers),
      ]);
      this.room = room;
      this.health = health;
      this.problem = undefined;
      if (this.#turn++ % 3 === 0) this.round++;
    } catch (error) {
      if (!signal.aborted) this.problem = problemFrom(error);
    }
    if (signal.aborted) return;
    this.#timer = setTimeout(() => void this.refresh(), REFRESH_MS * (0.9 + Math.random() * 0.2));
  }

  close(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
  }
}

/** Moderators direct a stage, but what ingest measures is the host's. */
function noneForOthers(error: unknown): undefined {
  if (problemFrom(error).status !== 403) throw error;
}
