/**
 * Glass-to-glass: a clock drawn into the source's pixels, read back from the page's video at every presented frame.
 * `npm run bench -- latency --minutes 10 --part 333`
 */
import { setPriority } from "node:os";
import { startBrowser, until, videoState } from "@lianmai/e2e/browser";
import { clockAgeMs, samplerSource } from "@lianmai/e2e/clock";
import { publish } from "@lianmai/e2e/publisher";
import { type Stack, startStack } from "@lianmai/e2e/stack";
import { histogramPercentile, readMetric } from "./metrics.ts";
import { percentile, printRows, readOptions } from "./report.ts";

/** Frames before this are start-up, not steady state. */
const SETTLE_MS = 10_000;
const STAND_IN_NICENESS = 5;
const LOOK_EVERY_FRAMES = 6;
const WARM_UP_MS = 15_000;

/** Runs the benchmark and prints its figures. */
export async function benchLatency(args: readonly string[]): Promise<void> {
  const { minutes, part, starts } = readOptions(args, { minutes: 2, part: 333, starts: 5 });
  const stack = await startStack();
  // What follows stands in for the host's and the viewer's machines: it yields to the service's processes.
  setPriority(STAND_IN_NICENESS);
  const browser = await startBrowser();
  const { key } = await stack.room("bench", { partTargetMs: part });
  const publisher = publish({ url: `${stack.rtmpUrl}/${key}` });
  try {
    await until(
      "live",
      () => stack.api<{ live: { at: string } | null }>("GET", "/api/v1/rooms/bench"),
      ({ live }) => live?.at === "live",
      { budgetMs: 30_000 },
    );
    // The browser's own start, and its caches, are not what is measured.
    const warm = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await firstFrame(warm, stack);
    await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
    await warm.close();
    const firstFrames: FirstFrame[] = [];
    for (let start = 0; start < starts; start++) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      firstFrames.push(await firstFrame(page, stack));
      await page.close();
    }
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(`${stack.url}/r/bench`);
    await until(
      "the picture",
      () => videoState(page),
      (video) => (video?.currentTime ?? 0) > 0.5,
    );
    await page.evaluate(`(${samplerSource})(document.querySelector("video"), ${LOOK_EVERY_FRAMES})`);
    const transits: number[] = [];
    const lags: number[] = [];
    const transcodeUrl = `http://127.0.0.1:${stack.ports.transcode}`;
    const startedMs = Date.now();
    while (Date.now() - startedMs < minutes * 60_000 + SETTLE_MS) {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      transits.push(...(await readMetric(transcodeUrl, "lianmai_mixer_transit_milliseconds")));
      lags.push(...(await readMetric(transcodeUrl, "lianmai_encoder_lag_milliseconds")));
    }
    // Handing over ten minutes of samples holds the page up: it is over by then.
    const endedMs = Date.now();
    const stats = await page.evaluate<Record<string, unknown>>("window.__lianmaiStats?.() ?? {}");
    const samples = await page.evaluate<[number, number, boolean[]][]>("window.__clockSamples");
    const isMeasured = (at: number): boolean => at > startedMs + SETTLE_MS && at < endedMs;
    const settled = samples.filter(([at]) => isMeasured(at));
    const ages = settled.map(([at, , bits]) => clockAgeMs(bits, at));
    const times = (await page.evaluate<number[]>("window.__frameTimes")).filter(isMeasured);
    const gaps = times.slice(1).map((at, k) => at - (times[k] ?? at));
    const { live } = await stack.api<{ live: { renditions: { name: string }[] } | null }>("GET", "/api/v1/rooms/bench");
    printRows(`latency: 720p30, parts ${part} ms, ${minutes} min, ${times.length} frames, ${ages.length} read`, [
      ["glass-to-glass p50 ms", Math.round(percentile(ages, 0.5))],
      ["glass-to-glass p95 ms", Math.round(percentile(ages, 0.95))],
      ["glass-to-glass max ms", Math.round(Math.max(...ages))],
      ["gaps between frames > 250 ms, at s", gapsAt(times, startedMs)],
      ["longest gap ms", Math.round(Math.max(...gaps))],
      ["first frame after navigation began, ms", list(firstFrames.map(({ sinceStartMs }) => sinceStartMs))],
      ["first frame after the page's load event, ms", list(firstFrames.map(({ sinceLoadMs }) => sinceLoadMs))],
      [
        "source in to picture out (mixer) p50 / p95 ms",
        `${Math.round(percentile(transits, 0.5))} / ${Math.round(percentile(transits, 0.95))}`,
      ],
      [
        "encoder behind bus p50 / p95 ms",
        `${Math.round(percentile(lags, 0.5))} / ${Math.round(percentile(lags, 0.95))}`,
      ],
      [
        "part end to publication p50 / p95 s, at most",
        `${await histogramPercentile(transcodeUrl, "lianmai_part_delay_seconds", 0.5)} / ${await histogramPercentile(transcodeUrl, "lianmai_part_delay_seconds", 0.95)}`,
      ],
      ["renditions", live?.renditions.map(({ name }) => name).join(" ") ?? "none"],
      ["player", JSON.stringify(stats)],
    ]);
  } finally {
    await publisher.kill();
    await browser.close();
    await stack.stop();
  }
}

const LONG_GAP_MS = 250;

/** Each long gap and when it began, seconds since the measurement did. */
function gapsAt(times: readonly number[], startedMs: number): string {
  const found = times.flatMap((at, k) => {
    const gap = (times[k + 1] ?? at) - at;
    return gap > LONG_GAP_MS ? [`${Math.round(gap)} at ${((at - startedMs) / 1_000).toFixed(0)}`] : [];
  });
  return `${found.length}${found.length > 0 ? `: ${found.join(", ")}` : ""}`;
}

const list = (values: readonly number[]): string => values.map(Math.round).join(" ");

interface FirstFrame {
  readonly sinceStartMs: number;
  /** Negative when the picture was there before all of the page was. */
  readonly sinceLoadMs: number;
}

async function firstFrame(
  page: Awaited<ReturnType<Awaited<ReturnType<typeof startBrowser>>["newPage"]>>,
  stack: Stack,
): Promise<FirstFrame> {
  await page.addInitScript(`window.__firstFrame = new Promise((resolve) => {
    const look = () => {
      const video = document.querySelector("video");
      if (!video) return void requestAnimationFrame(look);
      video.requestVideoFrameCallback((now) => resolve(now));
    };
    look();
  })`);
  await page.goto(`${stack.url}/r/bench`, { waitUntil: "commit" });
  const sinceStartMs = await page.evaluate<number>("window.__firstFrame");
  await page.waitForLoadState("load");
  const loadedMs = await page.evaluate<number>("performance.getEntriesByType('navigation')[0].loadEventStart");
  return { sinceStartMs, sinceLoadMs: sinceStartMs - loadedMs };
}
