/** The rooms of the lobby, asked for again every few seconds. */
import type { Problem, Room } from "@lianmai/edge/protocol";
import type { Api } from "../api/api.ts";
import { problemFrom } from "../api/request.ts";

const REFRESH_MS = 5_000;
const MAX_PAGES = 5;

export class Lobby {
  rooms = $state.raw<readonly Room[] | undefined>(undefined);
  problem = $state.raw<Problem | undefined>(undefined);
  /** Grows with each refresh; thumbnails follow it. */
  round = $state(0);
  readonly #api: Pick<Api, "rooms">;
  readonly #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Pick<Api, "rooms">) {
    this.#api = api;
  }

  /** Loads now and goes on refreshing while the page is visible. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    if (!document.hidden || !this.rooms) await this.#load();
    if (this.#abort.signal.aborted) return;
    this.#timer = setTimeout(() => void this.refresh(), REFRESH_MS * (0.9 + Math.random() * 0.3));
  }

  close(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
  }

  async #load(): Promise<void> {
    try {
      const rooms: Room[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < MAX_PAGES; page++) {
        const list = await this.#api.rooms({ signal: this.#abort.signal, ...(cursor !== null && { cursor }) });
        rooms.push(...list.rooms);
        cursor = list.nextCursor;
        if (cursor === null) break;
      }
      this.rooms = rooms;
      this.problem = undefined;
      this.round++;
    } catch (error) {
      if (!this.#abort.signal.aborted) this.problem = problemFrom(error);
    }
  }
}
