/** A viewer in real Chromium whose screen is read: when was which picture shown, and when was it drawn. */
import { until, videoState } from "@lianmai/e2e/browser";
import { clockAgeMs, samplerSource } from "@lianmai/e2e/clock";
import type { Browser, Page } from "playwright-core";

/** One presented frame. */
export interface Shown {
  /** Wall time of presentation. */
  readonly atMs: number;
  /** Place in the program, seconds. */
  readonly mediaTime: number;
  /** Wall time at which the publisher drew it; null on the slate, in a fade, or when it cannot be read. */
  readonly drawnAtMs: number | null;
}

type Sample = readonly [atMs: number, mediaTime: number, bits: readonly boolean[]];

/** Older than any program is late: read from a slate. */
const MAX_AGE_MS = 20_000;
/** A readable clock goes with the media time to within this. */
const TOLERANCE_MS = 60;

export class Viewer {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens a room's page and waits until it plays. */
  static async open(browser: Browser, url: string): Promise<Viewer> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(url);
    await until(
      "the picture",
      () => videoState(page),
      (video) => (video?.currentTime ?? 0) > 1 && (video?.width ?? 0) > 0,
      { budgetMs: 30_000 },
    );
    await page.evaluate(`window.__notReloaded = true; (${samplerSource})(document.querySelector("video"))`);
    return new Viewer(page);
  }

  /** False once the page was loaded anew. */
  async sameDocument(): Promise<boolean> {
    return (await this.page.evaluate("window.__notReloaded")) === true;
  }

  /** Frames presented at or after `fromMs`. */
  async shown(fromMs: number): Promise<readonly Shown[]> {
    const samples = await this.page.evaluate<Sample[]>(
      `(window.__clockSamples ?? []).filter(([at]) => at >= ${fromMs})`,
    );
    return samples.map((sample, at) => readShown(sample, samples[at + 1] ?? samples[at - 1]));
  }

  /** When the first picture drawn after `drawnMs` was on the screen; waits for it. Throws after the budget. */
  async firstDrawnAfter(drawnMs: number, options: { readonly budgetMs: number }): Promise<number> {
    const frames = await until(
      `a picture drawn after ${new Date(drawnMs).toISOString()}`,
      () => this.shown(drawnMs),
      (list) => list.some((frame) => (frame.drawnAtMs ?? 0) >= drawnMs),
      options,
    );
    return frames.find((frame) => (frame.drawnAtMs ?? 0) >= drawnMs)?.atMs ?? Number.NaN;
  }
}

/** A clock is believed when the neighbouring frame's goes with it as the media time does. */
function readShown([atMs, mediaTime, bits]: Sample, neighbour: Sample | undefined): Shown {
  const ageMs = clockAgeMs(bits, atMs);
  const drawnAtMs = atMs - ageMs;
  const other = neighbour && { drawnAtMs: neighbour[0] - clockAgeMs(neighbour[2], neighbour[0]), time: neighbour[1] };
  const agrees = other && Math.abs(drawnAtMs - other.drawnAtMs - (mediaTime - other.time) * 1_000) < TOLERANCE_MS;
  return { atMs, mediaTime, drawnAtMs: agrees && ageMs > 0 && ageMs < MAX_AGE_MS ? drawnAtMs : null };
}

/** Longest time without a new frame among `frames`, the times before the first and after the last included. */
export function longestStillMs(frames: readonly Shown[], fromMs: number, toMs: number): number {
  const times = [fromMs, ...frames.map((frame) => frame.atMs).filter((at) => at > fromMs && at < toMs), toMs];
  return Math.max(...times.slice(1).map((at, k) => at - (times[k] ?? at)));
}
