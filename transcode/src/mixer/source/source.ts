/** What the program engine needs of anything that is on air: a host's encoder or a browser. */
import type { Picture } from "../av/video-decoder.ts";
import type { SoundInput } from "../sound/sound-bus.ts";

/** Answer to "which picture belongs to this program picture?". */
export interface PictureChoice {
  /** Valid until the next choice; null before the first picture. */
  readonly picture: Picture | null;
  /** Pictures stepped forward: 0 = the same as last time. */
  readonly steps: number;
  /** When the shown picture's packet arrived; 0 when unknown. */
  readonly arrivedMs: number;
}

/** What happens to a source, for the parent. */
export type SourceEvent =
  | {
      readonly kind: "format";
      readonly width: number;
      readonly height: number;
      readonly fps: number;
      readonly hasAudio: boolean;
    }
  /** Nothing more can come of it as it is. */
  | { readonly kind: "lost"; readonly reason: string };

export interface SourceStats {
  readonly decodeErrors: number;
  /** Packets or decoded pictures given up because decoding did not keep up. */
  readonly dropped: number;
  readonly audioUnderruns: number;
  readonly playoutDelayMs: number;
}

/** A source of pictures and sound, on our monotonic clock. */
export interface Source extends SoundInput {
  readonly sourceId: string;
  /** Program picture due at `dueMs`; `fps` is the program's. Times never go back. */
  choosePicture(dueMs: number, options: { readonly fps: number }): PictureChoice;
  /** Pictures may be this far apart before the source counts as lost. */
  readonly patienceMs: number;
  /** When sound last came in; -Infinity before the first. */
  readonly heardAtMs: number;
  /** Decodes what waits, for at most `budgetMs` of the clock. True when more waits. */
  pump(options: { readonly nowMs: () => number; readonly budgetMs: number }): boolean;
  stats(): SourceStats;
  /** Frees everything; the picture last chosen is no longer valid. */
  close(): void;
}
