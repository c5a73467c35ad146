/** Who is speaking: loud for a moment makes a speaker, quiet for a while unmakes one, so that no ring flickers. Pure. */

/** About -36 dB below full scale. */
const LOUD = 0.016;
const ATTACK_MS = 60;
const HOLD_MS = 700;

interface Voice {
  loudSinceMs: number | null;
  lastLoudMs: number;
  isSpeaking: boolean;
}

export class SpeakingDetector {
  readonly #voices = new Map<string, Voice>();

  /** Takes the loudness of one block; true when the source has begun or ceased to speak. */
  observe(sourceId: string, options: { readonly loudness: number; readonly atMs: number }): boolean {
    const { loudness, atMs } = options;
    const voice = this.#voices.get(sourceId) ?? { loudSinceMs: null, lastLoudMs: 0, isSpeaking: false };
    this.#voices.set(sourceId, voice);
    if (loudness >= LOUD) {
      voice.loudSinceMs ??= atMs;
      voice.lastLoudMs = atMs;
    } else voice.loudSinceMs = null;
    const begins = voice.loudSinceMs !== null && atMs - voice.loudSinceMs >= ATTACK_MS;
    const was = voice.isSpeaking;
    voice.isSpeaking = begins || (was && atMs - voice.lastLoudMs < HOLD_MS);
    return voice.isSpeaking !== was;
  }

  isSpeaking(sourceId: string): boolean {
    return this.#voices.get(sourceId)?.isSpeaking ?? false;
  }

  forget(sourceId: string): void {
    this.#voices.delete(sourceId);
  }
}
