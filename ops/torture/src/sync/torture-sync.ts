/**
 * Whether the sound and the picture of everybody in a programme stay together, in front of all of a guest whose clocks
 * drift and whose network loses and delays packets. `npm run torture -- sync --minutes 30 --guests 3`
 */
import { percentile, printRows, readOptions } from "@lianmai/bench/report";
import { leftOut, probePackets, type Recording } from "@lianmai/e2e/record";
import { FLASH_EVERY_MS } from "@lianmai/ingest/testing/flash-show";
import { SHOW_FPS } from "../show.ts";
import { beepOnsets, flashOnsets, type Pair, pairUp, takeApart } from "./read-onsets.ts";
import { HOST, type Part, type Seen, type SyncShow, startSyncShow } from "./sync-show.ts";

/** The sound may be early or late by so much. */
export const BOUND_MS = 45;
/** Reports have come, and delays have found their length. */
const SETTLE_MS = 15_000;
const MINUTE_MS = 60_000;
/** Further apart, a flash and a beep are not of one pair. */
const MOST_APART_MS = 700;
/** Share of the flashes that must have been read; the rest was lost on the way. */
const LEAST_READ = 0.8;
/**
 * A single pair is read to 20 ms: a flash begins with a picture of the programme, and with one of its camera. A packet
 * lost at its onset makes a flash or a beep late by itself: so many of the pairs must be within the bound.
 */
const PAIR_BOUND_MS = BOUND_MS + 20;
const LEAST_WITHIN = 0.9;

export interface Person {
  readonly name: string;
  readonly pairs: readonly Pair[];
}

export interface SyncReport {
  readonly seconds: number;
  readonly people: readonly Person[];
  readonly networks: ReturnType<SyncShow["networks"]>;
  readonly leftOut: number;
  readonly failures: readonly string[];
}

/** Runs one show and reads the recording. */
export async function runSync(options: {
  readonly seconds: number;
  readonly hostOffsetMs: number;
  readonly guests: readonly Part[];
}): Promise<SyncReport> {
  const show = await startSyncShow(options);
  let seen: readonly Seen[];
  let recording: Recording;
  let networks: SyncReport["networks"];
  try {
    seen = await show.seen();
    await sleep(SETTLE_MS);
    const recorder = show.record();
    await sleep(options.seconds * 1_000);
    recording = await recorder.stop();
    networks = show.networks();
  } finally {
    await show.close();
  }
  const file = recording.bytes();
  const apart = takeApart(file, { fps: SHOW_FPS });
  const startMs = apart.pictures[0]?.atMs ?? 0;
  const people = seen.map(({ name, hertz, area, beepAfterMs }) => ({
    name,
    pairs: pairUp(flashOnsets(apart, area), beepOnsets(apart, hertz), MOST_APART_MS).map(({ atMs, offsetMs }) => ({
      atMs: atMs - startMs,
      offsetMs: offsetMs - beepAfterMs,
    })),
  }));
  const { failures } = recording;
  const seconds = (apart.pictures.length / SHOW_FPS) | 0;
  return { ...{ seconds, people, networks, failures }, leftOut: leftOut(probePackets(file), "video") };
}

/** Of a stretch of the show: median, the 95th percentile and the largest distance from together, milliseconds. */
interface Stretch {
  readonly median: number;
  readonly p95: number;
  readonly most: number;
  /** Share of the pairs within {@link PAIR_BOUND_MS}. */
  readonly within: number;
  readonly pairs: number;
}

function stretchOf(pairs: readonly Pair[]): Stretch {
  const offsets = pairs.map(({ offsetMs }) => offsetMs);
  const distances = offsets.map(Math.abs);
  return {
    median: percentile(offsets, 0.5),
    p95: percentile(distances, 0.95),
    most: Math.max(0, ...distances),
    within: distances.filter((distance) => distance <= PAIR_BOUND_MS).length / distances.length,
    pairs: pairs.length,
  };
}

/** By minute; a last one of less than half a minute goes to the one before. */
function minutesOf({ pairs }: Person, seconds: number): readonly Stretch[] {
  const count = Math.max(1, Math.round(seconds / 60));
  return Array.from({ length: count }, (_, minute) =>
    stretchOf(pairs.filter(({ atMs }) => Math.min(count - 1, Math.floor(atMs / MINUTE_MS)) === minute)),
  );
}

/** Who is out of sync for a minute, by its median, or was not seen and heard; nothing when all holds. */
export function outOfSync(report: SyncReport): string[] {
  return report.people.flatMap((person) => {
    const wanted = ((report.seconds * 1_000) / FLASH_EVERY_MS) * LEAST_READ;
    if (person.pairs.length < wanted) return [`${person.name}: only ${person.pairs.length} pairs`];
    return minutesOf(person, report.seconds).flatMap(({ median }, minute) =>
      Math.abs(median) <= BOUND_MS ? [] : [`${person.name}: ${median.toFixed(1)} ms in minute ${minute + 1}`],
    );
  });
}

/** Who has too many flashes with a beep too early or too late, though most are right. */
function scattered(report: SyncReport): string[] {
  return report.people.flatMap(({ name, pairs }) => {
    const { within } = stretchOf(pairs);
    return within >= LEAST_WITHIN ? [] : [`${name}: ${(100 * within).toFixed(0)} % within ${PAIR_BOUND_MS} ms`];
  });
}

/** The value in the middle of somebody's offsets, milliseconds; NaN for none. */
export const medianOf = (report: SyncReport, name: string): number =>
  stretchOf(report.people.find((person) => person.name === name)?.pairs ?? []).median;

/** Runs it at full length and prints what was found; false when something does not hold. */
export async function tortureSync(args: readonly string[]): Promise<boolean> {
  const options = readOptions(args, {
    ...{ minutes: 30, guests: 3, offset: 0, seed: 20_261_129 },
    ...{ clock: 100, card: 100, loss: 3, jitter: 30 },
  });
  const troubles = {
    ...{ clockPpm: options.clock, cardPpm: options.card, seed: options.seed },
    ...{ loss: options.loss / 100, jitterMs: options.jitter },
  };
  const guests = Array.from({ length: options.guests }, (_, at) => ({
    offsetMs: options.offset,
    troubles: at === 0 ? troubles : ("browser" as const),
  }));
  const report = await runSync({ seconds: options.minutes * 60, hostOffsetMs: options.offset, guests });
  print(report, options);
  return faultsOf(report).length === 0;
}

const faultsOf = (report: SyncReport): string[] => [...outOfSync(report), ...scattered(report)];

function print(report: SyncReport, options: Readonly<Record<string, number>>): void {
  const faults = faultsOf(report);
  const rows = report.people.flatMap((person) => {
    const minutes = minutesOf(person, report.seconds);
    const [first, last] = [minutes[0], minutes.at(-1)];
    const text = (stretch: Stretch | undefined) =>
      stretch
        ? `p50 ${stretch.median.toFixed(1)}, p95 ${stretch.p95.toFixed(1)}, max ${stretch.most.toFixed(1)}; ${(100 * stretch.within).toFixed(1)} % of ${stretch.pairs} within ${PAIR_BOUND_MS}`
        : "none";
    const medians = minutes.map(({ median }) => median);
    const who = `${person.name}${person.name === HOST ? " (RTMP)" : person.name in report.networks ? " (troubled)" : " (Chromium)"}`;
    return [
      [`${who}, first minute, ms`, text(first)],
      [`${who}, last minute, ms`, text(last)],
      [`${who}, all, ms`, text(stretchOf(person.pairs))],
      [
        `${who}, minutes' medians, ms`,
        `${Math.min(...medians).toFixed(1)} to ${Math.max(...medians).toFixed(1)}, last less first ${((last?.median ?? 0) - (first?.median ?? 0)).toFixed(1)}`,
      ],
    ] as const;
  });
  printRows(
    `sync: ${Object.entries(options)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ")}; sound late is positive, max and p95 are distances`,
    [
      ...rows,
      ...Object.entries(report.networks).map(
        ([name, { passed, lost, longestMs, resent }]) =>
          [
            `network of ${name}`,
            `${passed + lost} packets, ${((100 * lost) / (passed + lost)).toFixed(1)} % lost, longest ${longestMs.toFixed(0)} ms, ${resent} sent again`,
          ] as const,
      ),
      ["pictures left out; failed requests", `${report.leftOut}; ${report.failures.length}`],
      ["faults", faults.slice(0, 10).join("; ") || "none"],
    ],
  );
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
