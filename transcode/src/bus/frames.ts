/** The raw media of a program: what a mixer makes and the pacer hands to the encoder. */
import type { ProgramFormat } from "../contract.ts";

/** Samples per second of a program's sound, always stereo, interleaved signed 16-bit little-endian. */
export const SAMPLE_RATE = 48_000;
export const BYTES_PER_SAMPLE_PAIR = 4;

/** Samples (pairs) that go with one video frame; whole for every allowed frame rate. */
export const samplesPerFrame = (fps: number): number => SAMPLE_RATE / fps;

/** Bytes of one yuv420p picture: Y, U, V planes without padding. */
export const pictureBytes = (format: ProgramFormat): number => (format.width * format.height * 3) / 2;
