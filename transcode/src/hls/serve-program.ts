/** Answers requests about one program: at once, or parked until the media is there. */

import { type Directives, decideReload, readDirectives } from "./blocking-reload.ts";
import type { OriginErrorCode } from "./errors.ts";
import type { OriginProgram } from "./origin-program.ts";
import type { Target } from "./paths.ts";
import type { Rendition } from "./rendition.ts";
import { CACHE, type Exchange, satisfiedCache, sendError, sendMedia, sendPlaylist } from "./respond.ts";
import { Waiters, WaitingPlaces } from "./waiters.ts";

type RenditionTarget = Exclude<Target, { readonly kind: "multivariant" | "thumbnail" }>;

/**
 * Longest hold of a request for a part, in target durations. hls.js gives up after the longer of three part targets
 * and 0.8 target durations; an unchanged playlist in time makes it poll politely instead of failing.
 */
export const PART_HOLD_TARGET_DURATIONS = 0.7;
/** Spec: rfc8216bis 6.2.5.2 [S2]. Longest hold of any other request, in target durations. */
export const MAX_HOLD_TARGET_DURATIONS = 3;

interface RenditionWaiters {
  readonly playlists: Waiters<Directives>;
  readonly parts: Waiters<number>;
}

interface MediaNumber {
  readonly epoch: number;
  readonly number: number;
}

/** What is counted about each answer. */
export interface ServeCounters {
  answered(kind: Target["kind"] | "other", status: number, sizeBytes: number): void;
}

export class ProgramServer {
  readonly program: OriginProgram;
  readonly #nowMs: () => number;
  readonly #counters: ServeCounters;
  readonly #places: WaitingPlaces;
  readonly #multivariant: Waiters<null>;
  readonly #waiters = new Map<Rendition, RenditionWaiters>();

  constructor(
    program: OriginProgram,
    options: { readonly nowMs: () => number; readonly maxWaiting: number; readonly counters: ServeCounters },
  ) {
    this.program = program;
    this.#nowMs = options.nowMs;
    this.#counters = options.counters;
    this.#places = new WaitingPlaces(options.maxWaiting);
    this.#multivariant = new Waiters(this.#places);
    for (const rendition of program.renditions.values()) {
      this.#waiters.set(rendition, { playlists: new Waiters(this.#places), parts: new Waiters(this.#places) });
    }
  }

  /** Requests parked now, by what they wait for. */
  waiting(): { readonly multivariant: number; readonly playlist: number; readonly part: number } {
    let playlist = 0;
    let part = 0;
    for (const waiters of this.#waiters.values()) {
      playlist += waiters.playlists.size;
      part += waiters.parts.size;
    }
    return { multivariant: this.#multivariant.size, playlist, part };
  }

  multivariant(exchange: Exchange): void {
    if (this.#sendMultivariant(exchange)) return;
    const untilMs = this.#nowMs() + this.program.startingMs;
    if (!this.#multivariant.park({ exchange, about: null, untilMs }))
      this.#fail(exchange, "multivariant", "too-many-waiting");
  }

  thumbnail(exchange: Exchange): void {
    const { thumbnailJpeg } = this.program;
    if (!thumbnailJpeg) this.#fail(exchange, "thumbnail", "thumbnail-not-found");
    else this.#media(exchange, "thumbnail", [thumbnailJpeg], { type: "image/jpeg", cacheControl: CACHE.thumbnail });
  }

  /** `query` without "?". */
  rendition(exchange: Exchange, target: RenditionTarget, query: string): void {
    const rendition = this.program.renditions.get(target.rung);
    const { kind } = target;
    if (!rendition) this.#fail(exchange, kind, "rendition-unknown");
    else if (kind === "playlist") this.#playlist(exchange, rendition, query);
    else if (kind === "part") this.#part(exchange, rendition, target);
    else if (kind === "segment") this.#segment(exchange, rendition, target);
    else this.#init(exchange, rendition, target);
  }

  /** A rendition has new media, or has ended: its waiters are looked at again, in one pass. */
  changed(rendition: Rendition): void {
    const waiters = this.#waiters.get(rendition);
    waiters?.playlists.settle(({ exchange, about }) => this.#sendIfReady(exchange, rendition, about));
    waiters?.parts.settle(({ exchange, about }) => this.#settlePart(exchange, rendition, about));
    if (this.#multivariant.size > 0) this.#multivariant.settle(({ exchange }) => this.#sendMultivariant(exchange));
  }

  /** A rendition was given up. */
  gone(rendition: Rendition): void {
    const waiters = this.#waiters.get(rendition);
    waiters?.playlists.settle(({ exchange }) => this.#fail(exchange, "playlist", "rendition-gone"));
    waiters?.parts.settle(({ exchange }) => this.#fail(exchange, "part", "rendition-gone"));
    this.#multivariant.settle(({ exchange }) => this.#sendMultivariant(exchange));
  }

  /** Budgets and expiry; to be called every so often. */
  tick(): void {
    this.program.tick();
    const nowMs = this.#nowMs();
    this.#multivariant.expire(nowMs, ({ exchange }) => {
      if (!this.#sendMultivariant(exchange)) this.#fail(exchange, "multivariant", "program-starting");
    });
    for (const [rendition, waiters] of this.#waiters) {
      waiters.playlists.expire(nowMs, ({ exchange, about }) => this.#giveUpPlaylist(exchange, rendition, about));
      waiters.parts.expire(nowMs, ({ exchange }) => this.#fail(exchange, "part", "not-updated"));
    }
  }

  /** Everyone who still waits gets 404. */
  close(): void {
    this.#multivariant.settle(({ exchange }) => this.#fail(exchange, "multivariant", "program-gone"));
    for (const waiters of this.#waiters.values()) {
      waiters.playlists.settle(({ exchange }) => this.#fail(exchange, "playlist", "program-gone"));
      waiters.parts.settle(({ exchange }) => this.#fail(exchange, "part", "program-gone"));
    }
  }

  #sendMultivariant(exchange: Exchange): boolean {
    const playlist = this.program.multivariant();
    if (!playlist) return false;
    sendPlaylist(exchange, playlist, CACHE.liveEdge);
    this.#counters.answered("multivariant", 200, playlist.plain.length);
    return true;
  }

  #playlist(exchange: Exchange, rendition: Rendition, query: string): void {
    // Spec: rfc8216bis 6.2.5.2 [M5], 6.2.5.1 [M5]. After the end directives are ignored.
    const directives = readDirectives(rendition.ended ? "" : query);
    if (rendition.gone) this.#fail(exchange, "playlist", "rendition-gone");
    else if ("code" in directives) this.#fail(exchange, "playlist", directives.code);
    else if (!this.#sendIfReady(exchange, rendition, directives)) this.#parkPlaylist(exchange, rendition, directives);
  }

  #parkPlaylist(exchange: Exchange, rendition: Rendition, directives: Directives): void {
    const targets = directives.part === null ? MAX_HOLD_TARGET_DURATIONS : PART_HOLD_TARGET_DURATIONS;
    const parked = this.#waiters
      .get(rendition)
      ?.playlists.park({ exchange, about: directives, untilMs: this.#untilMs(targets) });
    if (!parked) this.#fail(exchange, "playlist", "too-many-waiting");
  }

  #untilMs(targetDurations: number): number {
    return this.#nowMs() + targetDurations * this.program.grid.targetDurationSeconds * 1_000;
  }

  /** True when answered, be it with an error; false when there is something to wait for. */
  #sendIfReady(exchange: Exchange, rendition: Rendition, directives: Directives): boolean {
    const { grid } = this.program;
    if (!rendition.ended) {
      if (!rendition.head || !rendition.started) return false;
      const decision = decideReload(directives, rendition.head, grid.partSeconds);
      if (decision.kind === "wait") return false;
      if (decision.kind === "bad") return this.#fail(exchange, "playlist", decision.code);
    }
    const cache = directives.msn === null ? CACHE.liveEdge : satisfiedCache(grid.targetDurationSeconds);
    this.#sendPlaylist(exchange, rendition, { skip: directives.skip, cache });
    return true;
  }

  #sendPlaylist(
    exchange: Exchange,
    rendition: Rendition,
    of: { readonly skip: boolean; readonly cache: string },
  ): void {
    const playlist = rendition.playlist(of.skip);
    sendPlaylist(exchange, playlist, of.cache);
    this.#counters.answered("playlist", 200, playlist.plain.length);
  }

  #giveUpPlaylist(exchange: Exchange, rendition: Rendition, directives: Directives): void {
    if (!rendition.head) this.#fail(exchange, "playlist", "program-starting");
    else if (directives.part === null && rendition.started) this.#fail(exchange, "playlist", "not-updated");
    else this.#sendPlaylist(exchange, rendition, { skip: directives.skip, cache: CACHE.never });
  }

  #part(exchange: Exchange, rendition: Rendition, target: MediaNumber): void {
    if (target.epoch !== this.program.epoch) this.#fail(exchange, "part", "part-not-found");
    else if (!this.#settlePart(exchange, rendition, target.number)) this.#parkPart(exchange, rendition, target.number);
  }

  #parkPart(exchange: Exchange, rendition: Rendition, number: number): void {
    const untilMs = this.#untilMs(MAX_HOLD_TARGET_DURATIONS);
    const parked = this.#waiters.get(rendition)?.parts.park({ exchange, about: number, untilMs });
    if (!parked) this.#fail(exchange, "part", "too-many-waiting");
  }

  /** False only for the hinted part: that one is waited for (rfc8216bis 6.2.6). */
  #settlePart(exchange: Exchange, rendition: Rendition, number: number): boolean {
    const bytes = rendition.window.part(number)?.bytes;
    if (bytes) {
      this.#media(exchange, "part", [bytes], { type: mediaType(rendition), cacheControl: CACHE.media });
      return true;
    }
    if (rendition.gone) return this.#fail(exchange, "part", "rendition-gone");
    const hinted = number === rendition.nextPart && !rendition.ended;
    return hinted ? false : this.#fail(exchange, "part", "part-not-found");
  }

  #segment(exchange: Exchange, rendition: Rendition, target: MediaNumber): void {
    const segment = target.epoch === this.program.epoch ? rendition.window.segment(target.number) : null;
    const pieces = (segment?.parts ?? []).flatMap(({ bytes }) => (bytes ? [bytes] : []));
    if (pieces.length === 0) this.#fail(exchange, "segment", "segment-not-found");
    else this.#media(exchange, "segment", pieces, { type: mediaType(rendition), cacheControl: CACHE.media });
  }

  #init(exchange: Exchange, rendition: Rendition, target: MediaNumber): void {
    const init = target.epoch === this.program.epoch ? rendition.init(target.number) : null;
    if (!init) this.#fail(exchange, "init", "init-not-found");
    else this.#media(exchange, "init", [init], { type: mediaType(rendition), cacheControl: CACHE.media });
  }

  #media(
    exchange: Exchange,
    kind: Target["kind"],
    pieces: readonly Buffer[],
    of: { readonly type: string; readonly cacheControl: string },
  ): void {
    this.#counters.answered(kind, 200, sendMedia(exchange, pieces, of));
  }

  #fail(exchange: Exchange, kind: Target["kind"], code: OriginErrorCode): true {
    this.#counters.answered(kind, sendError(exchange, code), 0);
    return true;
  }
}

const mediaType = (rendition: Rendition): string => (rendition.rung.width > 0 ? "video/mp4" : "audio/mp4");
