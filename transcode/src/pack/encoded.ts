/** What the ladder's encoders give to the packager, on the program's own clock. */

/** One encoded picture of one rung; no reordering (dts = pts). */
export interface EncodedPicture {
  /** Program picture index: pts = index / fps seconds. Never falls within one epoch; gaps mean dropped pictures. */
  readonly index: number;
  readonly key: boolean;
  /** AVCC: NAL units with 4-byte lengths. */
  readonly data: Buffer;
}

/** One AAC access unit (1024 samples). */
export interface EncodedSound {
  /** Program sample index of its first sample at 48 kHz. */
  readonly sample: number;
  readonly data: Buffer;
}

/** Samples in one AAC access unit (ISO/IEC 14496-3, AAC-LC). */
export const SAMPLES_PER_ACCESS_UNIT = 1_024;
