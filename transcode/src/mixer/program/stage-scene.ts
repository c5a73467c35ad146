/** The scene of each program picture: a fixed one, or a staging in motion with its faces, speakers and lost cameras. */
import type { LayoutDocument, LayoutTile } from "../../layout/document.ts";
import { SceneDirector, type Staging, type TileNews } from "../picture/director.ts";
import type { Scene } from "../picture/scene.ts";
import { SpeakingDetector } from "./speaking.ts";
import type { StageSources } from "./stage-sources.ts";

/** A camera without pictures for this long gives way to a face, among others; alone it is the slate's. */
const FACE_AFTER_MS = 2_500;
/** A participant without a camera who is not heard of for this long is gone. */
const SILENT_MS = 3_000;

export interface SceneNow {
  readonly scene: Scene;
  /** Whether anything but the sources' pictures differs from the scene before. */
  readonly isChanged: boolean;
}

export class StageScene {
  readonly #sources: StageSources;
  readonly #speaking = new SpeakingDetector();
  readonly #freshAtMs = new Map<string, number>();
  #director: SceneDirector | null = null;
  #fixed: Scene = { tiles: [] };
  #isSet = true;
  #faces = "";

  constructor(sources: StageSources) {
    this.#sources = sources;
  }

  /** The layout shown or moved to; null for a fixed scene. */
  get layout(): LayoutDocument | null {
    return this.#director?.layout ?? null;
  }

  /** Shows a scene as it is from the next picture on. */
  fix(scene: Scene): void {
    this.#director = null;
    this.#fixed = scene;
    this.#isSet = true;
  }

  /** Moves to a staging. */
  direct(staging: Staging, atMs: number): void {
    this.#director ??= new SceneDirector();
    this.#director.direct(staging, atMs);
    this.#isSet = true;
  }

  at(dueMs: number): SceneNow {
    const isSet = this.#isSet;
    this.#isSet = false;
    if (!this.#director) return { scene: this.#fixed, isChanged: isSet };
    const isAlone = this.#director.layout?.kind === "solo";
    const scene = this.#director.sceneAt(dueMs, ({ sourceId, tile }) =>
      this.#newsOf({ sourceId, tile, isAlone, dueMs }),
    );
    const faces = scene.tiles.map(({ face }) => `${face?.isAvatar}${face?.isSpeaking}`).join();
    const isChanged = isSet || faces !== this.#faces || this.#director.isMoving(dueMs - 100);
    this.#faces = faces;
    return { scene, isChanged };
  }

  /** Counts new pictures; true when one of them takes a face's place. */
  seen(sourceIds: readonly string[], dueMs: number): boolean {
    const isBack = sourceIds.some((sourceId) => this.#isLost(sourceId, dueMs));
    for (const sourceId of sourceIds) this.#freshAtMs.set(sourceId, dueMs);
    return isBack;
  }

  /** Counts a block of sound. */
  heard(sourceId: string, options: { readonly loudness: number; readonly atMs: number }): void {
    this.#speaking.observe(sourceId, options);
  }

  /** Sources in the scene that are there without a picture: their sound comes in. */
  voices(scene: Scene, dueMs: number): string[] {
    return scene.tiles.flatMap(({ sourceId, face }) => {
      const source = face?.isAvatar ? this.#sources.get(sourceId) : undefined;
      return source && dueMs - source.heardAtMs < SILENT_MS ? [sourceId] : [];
    });
  }

  forget(sourceId: string): void {
    this.#freshAtMs.delete(sourceId);
    this.#speaking.forget(sourceId);
  }

  #isLost(sourceId: string, dueMs: number): boolean {
    return dueMs - (this.#freshAtMs.get(sourceId) ?? Number.NEGATIVE_INFINITY) > FACE_AFTER_MS;
  }

  #newsOf(of: {
    readonly sourceId: string;
    readonly tile: LayoutTile;
    readonly isAlone: boolean;
    readonly dueMs: number;
  }): TileNews {
    const { sourceId, tile, isAlone, dueMs } = of;
    const isLost = tile.media === "camera" && !isAlone && this.#isLost(sourceId, dueMs);
    const isSpeaking = this.#speaking.isSpeaking(sourceId) && tile.media !== "screen";
    return {
      isAvatar: tile.media === "avatar" || isLost,
      isSpeaking: isSpeaking && (!isAlone || tile.media === "avatar"),
    };
  }
}
