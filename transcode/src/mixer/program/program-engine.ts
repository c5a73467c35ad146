/**
 * The program of one room, without sockets or timers: sources and the time come in, numbered pictures and sound
 * blocks go out. Picture k is due at `zeroMs + k * 1000 / fps`; sound block k covers [k, k+1) pictures' time and
 * goes out with picture k + 1, when that time has passed.
 */
import { samplesPerFrame } from "../../bus/frames.ts";
import type { ProgramFormat } from "../../contract.ts";
import type { LayoutDocument } from "../../layout/document.ts";
import { Overlays, type Painter, PainterThread } from "../overlay/overlays.ts";
import type { Staging } from "../picture/director.ts";
import type { ProgramPicture } from "../picture/program-pictures.ts";
import { type Scene, soloScene } from "../picture/scene.ts";
import type { MixerStats } from "../protocol.ts";
import { SoundBus } from "../sound/sound-bus.ts";
import type { Source } from "../source/source.ts";
import { OpusSounds } from "./opus-sounds.ts";
import { ProgramPictureMaker } from "./program-picture-maker.ts";
import { StageScene } from "./stage-scene.ts";
import { type Gathered, StageSources } from "./stage-sources.ts";
import { ThumbnailMaker } from "./thumbnail.ts";

const SAMPLES_PER_MS = 48;
/** Further behind than this, the parent has filled the hole already: pictures are skipped to the present. */
const MAX_BEHIND_MS = 150;
/** Decoding inside a tick: enough for what arrived, never so much that the tick is late. */
const TICK_DECODE_MS = 8;
const FIRST_THUMBNAIL_MS = 1_000;
const THUMBNAIL_EVERY_MS = 5_000;

/** Where the program goes. A picture is valid until the call returns, unless retained. */
export interface ProgramOutput {
  picture(index: number, picture: ProgramPicture): void;
  sound(index: number, data: Buffer): void;
  thumbnail(index: number, data: Buffer): void;
  /** Sound as Opus, while it is wanted; `sample` is where in the program it begins. */
  opus?(track: "mix" | "solo", sample: number, data: Buffer): void;
}

export interface ProgramEngineOptions {
  readonly format: ProgramFormat;
  readonly zeroMs: number;
  /** Another engine's last picture is shown for up to this long, until all sources of the scene have one. */
  readonly holdMs?: number;
  /** Our monotonic clock; the first picture is the first due from now. */
  readonly nowMs: () => number;
  readonly output: ProgramOutput;
  readonly onAir: (sourceId: string) => void;
  readonly onLost: (sourceId: string, reason: string) => void;
  /** A layout is in the program from picture `index` on. */
  readonly onLayout?: (index: number, layout: LayoutDocument) => void;
  /** Paints names and faces; a thread of its own when absent. */
  readonly painter?: Painter;
}

/** A staging with the loudness of its sources; those not named are heard as they come. */
export interface ProgramStage extends Staging {
  readonly gains: ReadonlyMap<string, number>;
}

export class ProgramEngine {
  readonly #options: ProgramEngineOptions;
  readonly #sources = new StageSources();
  readonly #maker: ProgramPictureMaker;
  readonly #bus: SoundBus;
  readonly #thumbnails: ThumbnailMaker;
  #opus: OpusSounds | null = null;
  #soloId: string | null = null;
  readonly #firstIndex: number;
  readonly #stage = new StageScene(this.#sources);
  readonly #overlays: Overlays;
  #holdUntilMs: number;
  #shownLayout: LayoutDocument | null = null;
  #next: number;
  #freshAtMs = Number.NEGATIVE_INFINITY;
  #onAir = new Set<string>();
  #thumbnailDueMs: number | null = null;
  #pictures = 0;
  #held = 0;
  #dropped = 0;
  #lateMaxMs = 0;
  #transitMs = 0;

  constructor(options: ProgramEngineOptions) {
    const { format, zeroMs } = options;
    this.#options = options;
    this.#overlays = new Overlays(options.painter ?? new PainterThread());
    const holdMs = options.holdMs ?? 0;
    this.#holdUntilMs = holdMs > 0 ? options.nowMs() + holdMs : Number.NEGATIVE_INFINITY;
    this.#maker = new ProgramPictureMaker(format, { overlays: this.#overlays, slateWeight: holdMs > 0 ? 0 : 1 });
    this.#bus = new SoundBus({ blockSamples: samplesPerFrame(format.fps) });
    this.#thumbnails = new ThumbnailMaker(format);
    this.#firstIndex = Math.max(0, Math.ceil(((options.nowMs() - zeroMs) * format.fps) / 1_000));
    this.#next = this.#firstIndex;
  }

  /** When the next picture is due. */
  get nextDueMs(): number {
    return this.#dueMs(this.#next);
  }

  /** Puts one source over the whole picture; the one before fades out when the new one replaces it. */
  setSolo(source: Source): void {
    const nowMs = this.#options.nowMs();
    for (const sourceId of this.#sources.ids) this.#sources.leave(sourceId, nowMs);
    this.#sources.add(source);
    this.setScene(soloScene(source.sourceId, this.#options.format));
  }

  /** Adds a source without a place yet. */
  addSource(source: Source): void {
    this.#sources.add(source);
  }

  /** Takes effect with the next picture, without a transition. */
  setScene(scene: Scene): void {
    this.#stage.fix(scene);
  }

  /** Moves to a layout from the next picture on; loudness changes within 10 ms. */
  setStage(stage: ProgramStage): void {
    this.#sources.setGains(stage.gains);
    this.#stage.direct(stage, this.nextDueMs);
  }

  /** Sound as Opus from the next block on, or no longer. */
  setOpus(opus: { readonly wanted: boolean; readonly solo: string | null }): void {
    this.#soloId = opus.solo;
    this.#bus.keepSolo(opus.wanted ? opus.solo : null);
    if (opus.wanted === (this.#opus !== null)) return;
    this.#opus?.close();
    this.#opus = opus.wanted ? new OpusSounds({ opus: (...packet) => this.#options.output.opus?.(...packet) }) : null;
  }

  /** A source is gone for good: its sound fades, and the slate comes at once when nobody else is there. */
  removeSource(sourceId: string): void {
    if (!this.#sources.has(sourceId)) return;
    this.#sources.leave(sourceId, this.#options.nowMs());
    this.#stage.forget(sourceId);
    if (this.#onAir.delete(sourceId)) this.#options.onLost(sourceId, "gone");
  }

  /** Makes everything due by now. */
  advance(): void {
    const nowMs = this.#options.nowMs();
    const { fps } = this.#options.format;
    const present = Math.floor(((nowMs - this.#options.zeroMs) * fps) / 1_000 + 1e-6);
    if (present < this.#next) return;
    this.#lateMaxMs = Math.max(this.#lateMaxMs, nowMs - this.nextDueMs);
    if (((present - this.#next) * 1_000) / fps > MAX_BEHIND_MS) this.#next = present;
    while (this.#next <= present) {
      this.#sources.pump({ nowMs: this.#options.nowMs, budgetMs: TICK_DECODE_MS });
      this.#make(this.#next++);
    }
    this.#sources.sweep(nowMs);
  }

  /** Counts since the start; the lateness is the worst since the last call. */
  stats(options: { readonly droppedRecords: number }): MixerStats {
    const { decodeErrors, audioUnderruns, playoutDelayMs } = this.#sources.stats();
    const tickLateMaxMs = this.#lateMaxMs;
    this.#lateMaxMs = 0;
    return {
      pictures: this.#pictures,
      held: this.#held,
      tickLateMaxMs,
      decodeErrors,
      audioUnderruns,
      playoutDelayMs,
      transitMs: this.#transitMs,
      droppedRecords: this.#dropped + options.droppedRecords,
    };
  }

  close(): void {
    this.#sources.close();
    this.#maker.close();
    this.#overlays.close();
    this.#thumbnails.close();
    this.#opus?.close();
    this.#opus = null;
  }

  #make(index: number): void {
    const dueMs = this.#dueMs(index);
    const { scene: planned, isChanged } = this.#stage.at(dueMs);
    const gathered = this.#sources.gather(planned, { dueMs, fps: this.#options.format.fps });
    const isFresh = gathered.fresh.length > 0;
    if (isFresh) {
      this.#freshAtMs = dueMs;
      this.#transitMs = gathered.arrivedMs > 0 ? this.#options.nowMs() - gathered.arrivedMs : this.#transitMs;
    }
    const isBack = this.#stage.seen(gathered.fresh, dueMs);
    const scene = isBack ? this.#stage.at(dueMs).scene : planned;
    const voices = this.#stage.voices(scene, dueMs);
    const wantsSlate = dueMs >= this.#holdUntilMs && voices.length === 0 && this.#isEmpty(scene, dueMs);
    const picture = this.#maker.make({
      ...{ scene, pictures: gathered.pictures, wantsSlate, dueMs },
      isChanged: isFresh || isChanged || this.#overlays.takeNews(),
    });
    this.#tellLayout(index);
    if (!this.#isHeld(scene, gathered, dueMs)) this.#send(index, picture);
    if (index > this.#firstIndex) this.#sendSound(index - 1);
    if (!isFresh && this.#maker.slateWeight < 1) this.#held++;
    this.#report(scene, [...gathered.fresh, ...voices], wantsSlate);
    if (picture) {
      this.#makeThumbnail(index, picture);
      picture.release();
    }
  }

  /** Held until each camera of the scene has a picture, or the time is over; never again after that. */
  #isHeld(scene: Scene, gathered: Gathered, dueMs: number): boolean {
    if (dueMs >= this.#holdUntilMs) return false;
    const cameras = scene.tiles.filter(({ sourceId, face }) => this.#sources.has(sourceId) && !face?.isMediaAvatar);
    const isComplete = cameras.length > 0 && cameras.every(({ sourceId }) => gathered.pictures.has(sourceId));
    if (isComplete) this.#holdUntilMs = Number.NEGATIVE_INFINITY;
    return !isComplete;
  }

  #tellLayout(index: number): void {
    const { layout } = this.#stage;
    if (layout === null || layout === this.#shownLayout) return;
    this.#shownLayout = layout;
    this.#options.onLayout?.(index, layout);
  }

  #send(index: number, picture: ProgramPicture | null): void {
    if (!picture) {
      this.#dropped++;
      return;
    }
    this.#pictures++;
    this.#options.output.picture(index, picture);
  }

  #sendSound(index: number): void {
    const { format, zeroMs, output } = this.#options;
    const sample = index * samplesPerFrame(format.fps);
    const mix = this.#bus.mix(Math.round(zeroMs * SAMPLES_PER_MS) + sample, this.#sources.levels());
    output.sound(index, mix);
    const hasSolo = this.#soloId !== null && this.#sources.has(this.#soloId);
    this.#opus?.push(sample, { mix, solo: hasSolo ? this.#bus.solo() : null });
    for (const source of this.#sources.all) {
      this.#stage.heard(source.sourceId, { loudness: this.#bus.loudnessOf(source), atMs: this.#dueMs(index) });
    }
  }

  /** True when nobody in the scene gives pictures. */
  #isEmpty(scene: Scene, dueMs: number): boolean {
    const isAnyone = scene.tiles.some((tile) => this.#sources.has(tile.sourceId));
    return !isAnyone || dueMs - this.#freshAtMs > this.#sources.patienceMs(scene);
  }

  #report(scene: Scene, present: readonly string[], wantsSlate: boolean): void {
    for (const id of this.#onAir) if (!scene.tiles.some((tile) => tile.sourceId === id)) this.#onAir.delete(id);
    for (const sourceId of present) {
      if (this.#onAir.has(sourceId)) continue;
      this.#onAir.add(sourceId);
      this.#options.onAir(sourceId);
    }
    if (!wantsSlate) return;
    for (const sourceId of this.#onAir) this.#options.onLost(sourceId, "no picture");
    this.#onAir = new Set();
  }

  #makeThumbnail(index: number, picture: ProgramPicture): void {
    const dueMs = this.#dueMs(index);
    if (this.#maker.slateWeight > 0) return;
    this.#thumbnailDueMs ??= dueMs + FIRST_THUMBNAIL_MS;
    if (dueMs < this.#thumbnailDueMs) return;
    this.#thumbnailDueMs = dueMs + THUMBNAIL_EVERY_MS;
    const file = this.#thumbnails.make(picture);
    if (file) this.#options.output.thumbnail(index, file);
  }

  #dueMs(index: number): number {
    return this.#options.zeroMs + (index * 1_000) / this.#options.format.fps;
  }
}
