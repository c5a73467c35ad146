/** What the assemblers of frames from packets have in common. */
import type { Ordered } from "./reorder.ts";

export interface AssembledFrame {
  /** 32 bits, in the track's clock. */
  readonly timestamp: number;
  readonly data: Buffer;
  readonly key: boolean;
  /** Some of it, or of a frame before it, is missing: it cannot be shown, nor what refers to it. */
  readonly isBroken: boolean;
}

/** Takes the packets of a track in order; a frame is finished by its marker or by the next one's timestamp. */
export interface FrameAssembler {
  push(packet: Ordered): AssembledFrame[];
}
