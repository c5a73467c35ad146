/** The sources of a program: who is in the scene, who fades out, and when each was last seen. */
import type { Picture } from "../av/video-decoder.ts";
import type { Scene } from "../picture/scene.ts";
import type { SoundLevel } from "../sound/sound-bus.ts";
import type { Source, SourceStats } from "../source/source.ts";

/** Sound of a source that leaves fades over this long; then it is closed. */
const LEAVE_RAMP_SAMPLES = 4_800;
const LEAVE_MS = 200;

/** What the sources gave for one program picture. */
export interface Gathered {
  readonly pictures: ReadonlyMap<string, Picture>;
  /** Sources with a new picture. */
  readonly fresh: readonly string[];
  /** Arrival of the newest fresh picture's packet; 0 when none. */
  readonly arrivedMs: number;
}

export class StageSources {
  readonly #present = new Map<string, Source>();
  readonly #leaving = new Map<Source, number>();
  #gains: ReadonlyMap<string, number> = new Map();
  #closedErrors = 0;
  #closedUnderruns = 0;

  /** A source of the same id before it is closed. */
  add(source: Source): void {
    const before = this.#present.get(source.sourceId);
    if (before && before !== source) this.#leaving.set(before, Number.NEGATIVE_INFINITY);
    this.#present.set(source.sourceId, source);
  }

  /** Fades a source out and closes it; unknown ids are ignored. */
  leave(sourceId: string, nowMs: number): void {
    const source = this.#present.get(sourceId);
    if (!source) return;
    this.#present.delete(sourceId);
    this.#leaving.set(source, nowMs + LEAVE_MS);
  }

  has(sourceId: string): boolean {
    return this.#present.has(sourceId);
  }

  /** Everybody present. */
  get all(): readonly Source[] {
    return [...this.#present.values()];
  }

  get ids(): readonly string[] {
    return [...this.#present.keys()];
  }

  get(sourceId: string): Source | undefined {
    return this.#present.get(sourceId);
  }

  /** Loudness by source; those not named are heard as they come. */
  setGains(gains: ReadonlyMap<string, number>): void {
    this.#gains = gains;
  }

  /** The pictures for a program picture due at `dueMs`. */
  gather(scene: Scene, options: { readonly dueMs: number; readonly fps: number }): Gathered {
    const pictures = new Map<string, Picture>();
    const fresh: string[] = [];
    let newestMs = 0;
    for (const { sourceId } of scene.tiles) {
      const source = this.#present.get(sourceId);
      if (!source) continue;
      const { picture, steps, arrivedMs } = source.choosePicture(options.dueMs, { fps: options.fps });
      if (picture) pictures.set(sourceId, picture);
      if (picture && steps > 0) {
        fresh.push(sourceId);
        newestMs = Math.max(newestMs, arrivedMs);
      }
    }
    return { pictures, fresh, arrivedMs: newestMs };
  }

  /** Everybody heard now, with their loudness. */
  levels(): SoundLevel[] {
    const present = [...this.#present.values()].map((input) => ({
      input,
      gain: this.#gains.get(input.sourceId) ?? 1,
    }));
    const leaving = [...this.#leaving.keys()].map((input) => ({ input, gain: 0, rampSamples: LEAVE_RAMP_SAMPLES }));
    return [...present, ...leaving];
  }

  /** Longest patience of the scene's sources. */
  patienceMs(scene: Scene): number {
    let most = 0;
    for (const { sourceId } of scene.tiles) most = Math.max(most, this.#present.get(sourceId)?.patienceMs ?? 0);
    return most;
  }

  /** Lets every source decode. True when more waits. */
  pump(options: { readonly nowMs: () => number; readonly budgetMs: number }): boolean {
    let more = false;
    for (const source of this.#present.values()) more = source.pump(options) || more;
    return more;
  }

  /** Closes those who have faded out. */
  sweep(nowMs: number): void {
    for (const [source, untilMs] of this.#leaving) {
      if (nowMs < untilMs) continue;
      this.#leaving.delete(source);
      this.#close(source);
    }
  }

  close(): void {
    for (const source of [...this.#present.values(), ...this.#leaving.keys()]) this.#close(source);
    this.#present.clear();
    this.#leaving.clear();
  }

  /** Sums, those of closed sources included; the delay is the largest present one. */
  stats(): SourceStats {
    let decodeErrors = this.#closedErrors;
    let audioUnderruns = this.#closedUnderruns;
    let playoutDelayMs = 0;
    let dropped = 0;
    for (const source of this.#present.values()) {
      const stats = source.stats();
      decodeErrors += stats.decodeErrors;
      audioUnderruns += stats.audioUnderruns;
      dropped += stats.dropped;
      playoutDelayMs = Math.max(playoutDelayMs, stats.playoutDelayMs);
    }
    return { decodeErrors, audioUnderruns, playoutDelayMs, dropped };
  }

  #close(source: Source): void {
    const stats = source.stats();
    this.#closedErrors += stats.decodeErrors;
    this.#closedUnderruns += stats.audioUnderruns;
    source.close();
  }
}
