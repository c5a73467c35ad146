/**
 * Movie fragments: one moof and mdat, one run per track, video first (ISO/IEC 14496-12, section 8.8).
 * Written into a single buffer, which every viewer of the part then shares. Pure.
 */
import { AUDIO_TRACK_ID, VIDEO_TRACK_ID } from "./init-segment.ts";

/** One sample; `duration` in the track's ticks. */
export interface FragmentSample {
  readonly data: Buffer;
  readonly duration: number;
  readonly key: boolean;
}

/** One track's run of samples; `start` is the decode time of the first, in the track's ticks. */
export interface FragmentRun {
  readonly start: number;
  readonly samples: readonly FragmentSample[];
}

export interface Fragment {
  /** Grows by part, modulo 2^32. */
  readonly sequence: number;
  /** Whether it begins a segment: a segment type box comes first. */
  readonly segmentStart: boolean;
  readonly video: FragmentRun | null;
  readonly audio: FragmentRun | null;
}

/** sample_depends_on = 2 (nothing). */
const SYNC_SAMPLE = 0x02000000;
/** sample_depends_on = 1, sample_is_non_sync_sample = 1. */
const NON_SYNC_SAMPLE = 0x01010000;
/** default-base-is-moof. */
const TFHD_FLAGS = 0x020000;
/** Data offset; per sample: duration, size, flags. */
const TRUN_FLAGS = 0x000701;
const STYP_BYTES = 24;
const MOOF_HEAD_BYTES = 8 + 16;
const TRAF_HEAD_BYTES = 8 + 16 + 20 + 20;
const BYTES_PER_SAMPLE_ENTRY = 12;

/** Runs without samples are left out. */
export function writeFragment(fragment: Fragment): Buffer {
  const runs: Array<{ readonly id: number; readonly run: FragmentRun }> = [];
  if (fragment.video?.samples.length) runs.push({ id: VIDEO_TRACK_ID, run: fragment.video });
  if (fragment.audio?.samples.length) runs.push({ id: AUDIO_TRACK_ID, run: fragment.audio });

  let moofBytes = MOOF_HEAD_BYTES;
  let mediaBytes = 0;
  for (const { run } of runs) {
    moofBytes += TRAF_HEAD_BYTES + run.samples.length * BYTES_PER_SAMPLE_ENTRY;
    mediaBytes += runBytes(run);
  }
  const stypBytes = fragment.segmentStart ? STYP_BYTES : 0;
  const out = Buffer.allocUnsafeSlow(stypBytes + moofBytes + 8 + mediaBytes);
  const writer = new Writer(out);
  if (fragment.segmentStart) {
    writer.head(STYP_BYTES, "styp").word("msdh").u32(0).word("msdh").word("iso6");
  }
  writer.head(moofBytes, "moof").head(16, "mfhd").u32(0).u32(fragment.sequence);
  let dataOffset = moofBytes + 8;
  for (const { id, run } of runs) {
    writeTrackFragment(writer, { id, run, dataOffset });
    dataOffset += runBytes(run);
  }
  writer.head(8 + mediaBytes, "mdat");
  for (const { run } of runs) for (const sample of run.samples) writer.bytes(sample.data);
  return out;
}

const runBytes = (run: FragmentRun): number => run.samples.reduce((sum, sample) => sum + sample.data.length, 0);

function writeTrackFragment(
  writer: Writer,
  of: { readonly id: number; readonly run: FragmentRun; readonly dataOffset: number },
): void {
  const { samples, start } = of.run;
  const entriesBytes = samples.length * BYTES_PER_SAMPLE_ENTRY;
  writer.head(TRAF_HEAD_BYTES + entriesBytes, "traf");
  writer.head(16, "tfhd").u32(TFHD_FLAGS).u32(of.id);
  // Version 1: 64-bit decode time; a program outlives 32 bits in 13 hours.
  writer.head(20, "tfdt").u32(0x01000000).u64(start);
  writer
    .head(20 + entriesBytes, "trun")
    .u32(TRUN_FLAGS)
    .u32(samples.length)
    .u32(of.dataOffset);
  for (const sample of samples) {
    writer
      .u32(sample.duration)
      .u32(sample.data.length)
      .u32(sample.key ? SYNC_SAMPLE : NON_SYNC_SAMPLE);
  }
}

class Writer {
  readonly #out: Buffer;
  #at = 0;

  constructor(out: Buffer) {
    this.#out = out;
  }

  head(size: number, type: string): this {
    return this.u32(size).word(type);
  }

  u32(value: number): this {
    this.#at = this.#out.writeUInt32BE(value >>> 0, this.#at);
    return this;
  }

  u64(value: number): this {
    return this.u32(Math.floor(value / 0x1_0000_0000)).u32(value % 0x1_0000_0000);
  }

  word(text: string): this {
    this.#at += this.#out.write(text, this.#at, "latin1");
    return this;
  }

  bytes(data: Buffer): this {
    this.#at += data.copy(this.#out, this.#at);
    return this;
  }
}
