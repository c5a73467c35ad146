/**
 * Keeps a publisher's pictures beside its sound where its timestamps do not. Chromium, once its machine was busy, stamps
 * pictures early by up to 300 ms and goes on doing so: libwebrtc's TimestampAligner takes what it once had to clip off
 * every later timestamp. Reports are made from the same stamps, and agree. Arrivals tell: on one way, the least delayed
 * picture and the least delayed sound keep their distance. What it is from the beginning may be early stamps, of a
 * browser that was busy when it began, or an encoder that takes its time: half of it is wrong by half at most. Pure.
 */
import type { HandoverTrack } from "@lianmai/ingest/rtp-handover";

type Kind = HandoverTrack["kind"];

/** In so long a time some packet of each kind was held up by nothing. */
const WINDOW_MS = 5_000;
/** Fewer packets of a kind say nothing. */
const LEAST_PACKETS = 20;
/** A change of the distance that is worth the move. */
const NOTICED_MS = 25;
/** Two windows in a row that are closer than this agree. */
const AGREED_MS = 15;
const MOST_MS = 350;
/** Sound leaves when a packet of 20 ms is full, a picture as soon as it is encoded. */
const EXPECTED_MS = -10;
/** Beyond what is expected by more than this from the beginning is an encoder: half would be seen. */
const MOST_DOUBTED_MS = 80;
/** Nobody sees pictures run 2 % slower or faster. */
const SLEW_MS_PER_S = 20;

interface Least {
  readonly ms: number;
  readonly packets: number;
}

const NONE: Least = { ms: Number.POSITIVE_INFINITY, packets: 0 };

export class PictureShift {
  #least: Record<Kind, Least> = { audio: NONE, video: NONE };
  #windowEndMs: number | null = null;
  /** How far pictures are behind sound when their stamps are right; null before the first window's end. */
  #rightMs: number | null = null;
  #seenMs: number | null = null;
  #wantedMs = 0;
  #atMs: number | null = null;
  #ms = 0;

  /** By how much pictures were taken later than their timestamps say, milliseconds. */
  get ms(): number {
    return this.#ms;
  }

  /** Takes a packet's arrival: how long after its timestamp, by the reports, and when. */
  arrived(kind: Kind, latenessMs: number, atMs: number): void {
    this.#slew(atMs);
    this.#windowEndMs ??= atMs + WINDOW_MS;
    if (atMs >= this.#windowEndMs) {
      this.#endWindow();
      this.#windowEndMs = atMs + WINDOW_MS;
    }
    const { ms, packets } = this.#least[kind];
    this.#least[kind] = { ms: Math.min(ms, latenessMs), packets: packets + 1 };
  }

  #slew(atMs: number): void {
    const most = (Math.max(0, atMs - (this.#atMs ?? atMs)) / 1_000) * SLEW_MS_PER_S;
    this.#atMs = atMs;
    this.#ms += Math.max(-most, Math.min(most, this.#wantedMs - this.#ms));
  }

  #endWindow(): void {
    const { audio, video } = this.#least;
    this.#least = { audio: NONE, video: NONE };
    if (audio.packets < LEAST_PACKETS || video.packets < LEAST_PACKETS) {
      this.#seenMs = null;
      return;
    }
    const distanceMs = video.ms - audio.ms;
    if (this.#rightMs === null) {
      this.#wantedMs = doubted(distanceMs - EXPECTED_MS);
      this.#rightMs = distanceMs - this.#wantedMs;
    }
    const earlyMs = Math.max(0, Math.min(MOST_MS, distanceMs - this.#rightMs));
    const isAgreed = this.#seenMs !== null && Math.abs(earlyMs - this.#seenMs) < AGREED_MS;
    if (isAgreed && Math.abs(earlyMs - this.#wantedMs) > NOTICED_MS) this.#wantedMs = earlyMs;
    this.#seenMs = earlyMs;
  }
}

/** What of a first distance beyond the expected one is taken for early stamps. */
const doubted = (beyondMs: number): number => (beyondMs > 0 && beyondMs <= MOST_DOUBTED_MS ? beyondMs / 2 : 0);
