/** Makes each program picture: the composed scene, the slate, or a mix of both while one fades into the other. */
import type { ProgramFormat } from "../../contract.ts";
import type { Picture } from "../av/video-decoder.ts";
import type { Overlays } from "../overlay/overlays.ts";
import { Compositor } from "../picture/compose.ts";
import { crossFade } from "../picture/cross-fade.ts";
import { type ProgramPicture, ProgramPictures } from "../picture/program-pictures.ts";
import type { Scene } from "../picture/scene.ts";
import { Slate } from "../slate/slate.ts";
import { SlateFader } from "../slate/slate-fader.ts";

/** On the way to the parent, on display, and one being made. */
const MOST_PICTURES = 10;

/** What a program picture is made of. */
export interface PictureRequest {
  readonly scene: Scene;
  readonly pictures: ReadonlyMap<string, Picture>;
  /** False when the scene and all its pictures are those of the request before. */
  readonly isChanged: boolean;
  readonly wantsSlate: boolean;
  readonly dueMs: number;
}

export class ProgramPictureMaker {
  readonly #pool: ProgramPictures;
  readonly #compositor: Compositor;
  readonly #slate: Slate;
  readonly #fader: SlateFader;
  readonly #slateBytes: Buffer;
  #live: ProgramPicture | null = null;
  #wantedSlate = true;

  constructor(format: ProgramFormat, options: { readonly overlays: Overlays; readonly slateWeight: number }) {
    this.#fader = new SlateFader({ weight: options.slateWeight });
    this.#pool = new ProgramPictures(format, { most: MOST_PICTURES });
    this.#compositor = new Compositor(format, options.overlays);
    this.#slate = new Slate(format);
    this.#slateBytes = Buffer.alloc((format.width * format.height * 3) / 2);
  }

  /** The slate's share in the last picture, 0..1. */
  get slateWeight(): number {
    return this.#fader.weight;
  }

  /** The picture, held once for the caller; null when too many are on their way. */
  make(request: PictureRequest): ProgramPicture | null {
    if (request.isChanged || !this.#live) this.#compose(request);
    if (request.wantsSlate && !this.#wantedSlate && this.#live) this.#slate.setBackground(this.#live);
    this.#wantedSlate = request.wantsSlate;
    const weight = this.#fader.step(request.dueMs, request.wantsSlate);
    if (weight === 0 && this.#live) {
      this.#live.retain();
      return this.#live;
    }
    return this.#withSlate(weight, request.dueMs);
  }

  close(): void {
    this.#compositor.close();
  }

  #compose({ scene, pictures }: PictureRequest): void {
    if (pictures.size === 0 && !scene.tiles.some(({ face }) => face?.isAvatar)) return;
    const picture = this.#pool.take();
    if (!picture) return;
    this.#compositor.compose(scene, pictures, picture);
    this.#live?.release();
    this.#live = picture;
  }

  #withSlate(weight: number, dueMs: number): ProgramPicture | null {
    const picture = this.#pool.take();
    if (!picture) return null;
    this.#compositor.drawnOver(picture);
    if (weight === 1 || !this.#live) {
      this.#slate.draw(picture.bytes, dueMs);
      return picture;
    }
    this.#slate.draw(this.#slateBytes, dueMs);
    crossFade(this.#live.bytes, this.#slateBytes, { weight, into: picture.bytes });
    return picture;
  }
}
