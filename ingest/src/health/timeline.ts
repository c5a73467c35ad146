/** What is wrong with the timestamps of one publisher's tags. Pure: all times come in. */

/** Forward step of a track's timestamps, beyond the time that really passed, that counts as a jump. */
export const JUMP_MS = 1_000;
/** Silence between two AAC frames, beyond a frame's length, that counts as a gap. */
export const AUDIO_GAP_MS = 100;

/** Follows the timestamps of both tracks. */
export class Timeline {
  #lastVideo: { readonly timestampMs: number; readonly arrivalMs: number } | undefined;
  #lastAudio: { readonly timestampMs: number; readonly arrivalMs: number } | undefined;
  #frameMs = 1024 / 44.1;
  jumps = 0;
  backwards = 0;
  audioGaps = 0;
  /** Largest of each since the start. */
  largestJumpMs = 0;
  largestAudioGapMs = 0;

  /** Samples of one AAC frame over the sample rate, from the AudioSpecificConfig. */
  setAudioConfig(config: Buffer): void {
    const rates = [96, 88.2, 64, 48, 44.1, 32, 24, 22.05, 16, 12, 11.025, 8, 7.35];
    if (config.length < 2) return;
    const rate = rates[(config.readUInt16BE() >> 7) & 0x0f];
    if (rate) this.#frameMs = 1024 / rate;
  }

  video(timestampMs: number, arrivalMs: number): void {
    if (this.#lastVideo) this.#step(timestampMs - this.#lastVideo.timestampMs, arrivalMs - this.#lastVideo.arrivalMs);
    this.#lastVideo = { timestampMs, arrivalMs };
  }

  audio(timestampMs: number, arrivalMs: number): void {
    if (this.#lastAudio) {
      const stepMs = timestampMs - this.#lastAudio.timestampMs;
      const gapMs = stepMs - this.#frameMs;
      if (stepMs < 0) this.backwards += 1;
      else if (gapMs > AUDIO_GAP_MS) {
        this.audioGaps += 1;
        this.largestAudioGapMs = Math.max(this.largestAudioGapMs, Math.round(gapMs));
      }
    }
    this.#lastAudio = { timestampMs, arrivalMs };
  }

  #step(stepMs: number, passedMs: number): void {
    if (stepMs < 0) {
      this.backwards += 1;
    } else if (stepMs > JUMP_MS && stepMs - passedMs > JUMP_MS) {
      this.jumps += 1;
      this.largestJumpMs = Math.max(this.largestJumpMs, Math.round(stepMs - passedMs));
    }
  }
}
