/** Follows a room and keeps its playback attached to what is on air. */
import type { Api } from "../api/api.ts";
import { problemFrom } from "../api/request.ts";
import { followRoom, liveOf, pollAfterMs, type RoomAnswer, type RoomPhase } from "./follow-room.ts";
import type { Playback } from "./playback.svelte.ts";

/** The part of a playback that the room's state drives. */
export type AttachedPlayback = Pick<Playback, "attach" | "detach">;

/** Path the player may start from before the API has answered. */
export const playlistPathOf = (slug: string): string => `/live/${slug}/index.m3u8`;

const SOON_MS = 150;

export class Watch {
  phase = $state.raw<RoomPhase>({ at: "loading" });
  /** The server has not answered the last question. */
  lost = $state(false);
  /** Kept out of the room until then (wall time), undefined when not. */
  removedUntilMs = $state<number>();
  readonly #slug: string;
  readonly #api: Pick<Api, "room" | "viewing">;
  readonly #playback: AttachedPlayback;
  readonly #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Local time of the next question; infinite while none is planned. */
  #dueAtMs = Number.POSITIVE_INFINITY;
  #asking = false;
  /** Something was refused or stands still: it may be that the viewer was removed. */
  #doubtful = false;

  constructor(
    slug: string,
    parts: { readonly api: Pick<Api, "room" | "viewing">; readonly playback: AttachedPlayback },
  ) {
    this.#slug = slug;
    this.#api = parts.api;
    this.#playback = parts.playback;
  }

  /** Starts the player on the usual path and asks the API at the same time. */
  start(): void {
    this.#playback.attach({ programId: "", playlistUrl: playlistPathOf(this.#slug) });
    addEventListener("online", this.hurry, { signal: this.#abort.signal });
    void this.#ask();
  }

  /** Something has changed: ask at once rather than at the next turn. */
  readonly hurry = (): void => {
    this.#doubtful = true;
    if (this.#asking || this.#abort.signal.aborted) return;
    // a run of failures must not put off the question that the first of them asked for
    if (this.#dueAtMs - Date.now() > SOON_MS * 1.5) this.#schedule(SOON_MS * (0.5 + Math.random()));
  };

  /** The chat has told that the viewer is kept out: the picture goes at once, the server is asked how it stands. */
  removed(untilMs: number | undefined): void {
    this.removedUntilMs = untilMs ?? Number.MAX_SAFE_INTEGER;
    this.#follow();
    this.hurry();
  }

  close(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    const answer = await this.#answer();
    if (this.#doubtful || this.removedUntilMs !== undefined) await this.#askViewing();
    this.#asking = false;
    if (this.#abort.signal.aborted) return;
    this.lost = answer.kind === "failed";
    this.phase = followRoom(this.phase, answer);
    this.#follow();
    if (this.phase.at !== "not-found") this.#schedule(pollAfterMs(this.phase, this.lost, Math.random()));
  }

  async #answer(): Promise<RoomAnswer> {
    try {
      return { kind: "room", room: await this.#api.room(this.#slug, this.#abort.signal) };
    } catch (error) {
      const { status, code } = problemFrom(error);
      return status === 404 && code === "room-not-found" ? { kind: "missing" } : { kind: "failed" };
    }
  }

  async #askViewing(): Promise<void> {
    this.#doubtful = false;
    try {
      const { removedUntilMs } = await this.#api.viewing(this.#slug, this.#abort.signal);
      this.removedUntilMs = removedUntilMs ?? undefined;
    } catch {
      // the next failure asks again
    }
  }

  #follow(): void {
    const live = liveOf(this.phase);
    if (this.removedUntilMs !== undefined) this.#playback.detach();
    else if (live) this.#playback.attach({ programId: live.programId, playlistUrl: live.playlistPath });
    else if (this.phase.at === "offline" || this.phase.at === "not-found") this.#playback.detach();
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#dueAtMs = Date.now() + afterMs;
    this.#timer = setTimeout(() => void this.#ask(), afterMs);
  }
}
