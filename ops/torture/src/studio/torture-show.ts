/**
 * An encoder's show with four guests in Chromium who are muted, hidden, sent backstage, taken off, leave and come back
 * while the layout changes; the recorded programme has to be without a seam. `npm run torture -- show --minutes 15`
 */
import { percentile, printRows, readOptions } from "@lianmai/bench/report";
import type { Recording } from "@lianmai/e2e/record";
import { ENCODER_TONE_HZ } from "@lianmai/e2e/tone-devices";
import { decodeSound, isHeardBefore, longestSilenceMs, silentAfterMs, toneLevels } from "@lianmai/e2e/tone-level";
import { pick, type Random, randomFrom } from "@lianmai/process/testing/seeded-random";
import { type Judgement, judge, judgeSound, seams } from "../judge-recording.ts";
import { SHOW_FPS } from "../show.ts";
import { ACTS, MUTED_MS, type Mute } from "./acts.ts";
import { type Cast, startCast } from "./cast.ts";
import { type CounterName, countsSince, type ProgrammeCounts } from "./programme-counts.ts";

const MUTE_BOUND_MS = 1_000;
/** The encoder never stops: a gap in its tone is one in the programme. */
const GAP_BOUND_MS = 60;
/** Before and after the acts, so that the recording, which begins with a segment, holds them all. */
const AROUND_MS = 8_000;

export interface ShowReport {
  readonly acts: ReadonlyMap<string, number>;
  /** Acts that did not come to their end. */
  readonly failed: readonly string[];
  readonly pictures: Judgement;
  readonly sound: ReturnType<typeof judgeSound>;
  /** From the host's request to silence in the programme, by its own times. */
  readonly muteMs: readonly number[];
  /** The mutes without a time, and why. */
  readonly untimed: readonly string[];
  readonly gapMs: number;
  readonly sameProgramme: boolean;
  readonly counts: ProgrammeCounts;
  /** See {@link Cast.sourceDelayMs}. */
  readonly sourceDelayMs: number;
}

/** Runs one show for at least `minutes`, each act at least once; four guests at most. */
export async function runGuestShow(options: {
  readonly minutes: number;
  readonly guests: number;
  readonly seed: number;
}): Promise<ShowReport> {
  const cast = await startCast(options);
  try {
    const programId = await cast.programId();
    const recorders = await cast.record();
    await sleep(AROUND_MS);
    const before = await cast.counts();
    const done = await perform(cast, {
      untilMs: Date.now() + options.minutes * 60_000,
      random: randomFrom(options.seed),
    });
    await sleep(AROUND_MS);
    const counts = countsSince(before, await cast.counts());
    const [pictures, sound] = [await recorders.pictures.stop(), await recorders.sound.stop()];
    return {
      ...{
        acts: done.acts,
        failed: done.failed,
        counts,
        sourceDelayMs: cast.sourceDelayMs,
        sameProgramme: (await cast.programId()) === programId,
      },
      pictures: judge(pictures, { fps: SHOW_FPS }),
      ...listen(sound, done.mutes),
    };
  } finally {
    await cast.close();
  }
}

async function perform(cast: Cast, options: { readonly untilMs: number; readonly random: Random }) {
  const acts = new Map<string, number>();
  const mutes: Mute[] = [];
  let counts = await cast.counts();
  for (let turn = 0; Date.now() < options.untilMs || turn < NAMES.length; turn += 1) {
    const name = actOf(turn, options.random);
    const guest = pick(options.random, cast.guests);
    const beganMs = Date.now();
    try {
      const mute = await ACTS[name]?.(cast, guest);
      if (mute) mutes.push(mute);
      acts.set(name, (acts.get(name) ?? 0) + 1);
      const before = counts;
      counts = await cast.counts();
      const filled = filledOf(countsSince(before, counts)).map((text) => `; ${text}`);
      process.stdout.write(`${name} of ${guest.name}: ${Date.now() - beganMs} ms${filled.join("")}\n`);
    } catch (error) {
      // Where everybody is now is not known: what follows would prove nothing.
      return { acts, mutes, failed: [`${name} of ${guest.name}: ${String(error).slice(0, 200)}`] };
    }
  }
  return { acts, mutes, failed: [] };
}

const NAMES = Object.keys(ACTS);

/** Each once; then every other act is a mute, whose time is what is measured. */
function actOf(turn: number, random: Random): string {
  return NAMES[turn] ?? (turn % 2 === 0 ? "mute" : pick(random, NAMES));
}

type Heard = Pick<ShowReport, "sound" | "muteMs" | "untimed" | "gapMs">;

function listen(sound: Recording, mutes: readonly Mute[]): Heard {
  const samples = decodeSound(sound.bytes());
  const levels = new Map([...new Set(mutes.map(({ hertz }) => hertz))].map((hz) => [hz, toneLevels(samples, hz)]));
  const muteMs: number[] = [];
  const untimed: string[] = [];
  for (const { name, hertz, atMs } of mutes) {
    const fromMs = atMs - sound.startsAtMs;
    const tone = levels.get(hertz) ?? new Float32Array();
    const ms = silentAfterMs(tone, { fromMs, toMs: fromMs + MUTED_MS });
    const why = isHeardBefore(tone, fromMs) ? "is heard on" : "was not heard";
    if (Number.isNaN(ms)) untimed.push(`${name} ${why} at ${fromMs.toFixed(0)} ms`);
    else muteMs.push(ms);
  }
  const gapMs = longestSilenceMs(toneLevels(samples, ENCODER_TONE_HZ));
  return { sound: judgeSound(sound), muteMs, untimed, gapMs };
}

/** Each is a doubled or missing picture, or a gap of sound; a machine too slow for all that runs makes them too. */
const FILLED: readonly CounterName[] = [
  "pictures repeated by the mixer",
  "pictures made up by the pacer",
  "sound blocks made up by the pacer",
  "pictures the encoder did not take",
];

/** What an act has done to the programme or not done; nothing when all holds, however slow the machine. */
export function faultsOf(report: ShowReport): string[] {
  const { pictures, sound, muteMs, gapMs } = report;
  const late = percentile(muteMs, 0.95);
  return [
    ...report.failed,
    ...seams(pictures),
    ...seams(sound).map((seam) => `sound: ${seam}`),
    ...(pictures.leftOut > 0 ? [`${pictures.leftOut} pictures left out`] : []),
    ...(late > MUTE_BOUND_MS ? [`mutes came after ${late.toFixed(0)} ms`] : []),
    ...report.untimed,
    ...(!(gapMs <= GAP_BOUND_MS) ? [`the encoder was not heard for ${gapMs} ms`] : []),
    ...(report.sameProgramme ? [] : ["another programme"]),
  ];
}

const filledOf = (counts: ProgrammeCounts): string[] =>
  FILLED.filter((name) => counts[name] > 0).map((name) => `${name}: ${counts[name]}`);

/** Runs it at full length and prints what was found; false when something does not hold. */
export async function tortureShow(args: readonly string[]): Promise<boolean> {
  const options = readOptions(args, { minutes: 15, guests: 4, seed: 20_261_125 });
  const report = await runGuestShow(options);
  const faults = [...faultsOf(report), ...filledOf(report.counts)];
  const { pictures, sound, muteMs } = report;
  printRows(`show: an encoder and ${options.guests} guests, ${options.minutes} min, seed ${options.seed}`, [
    ["acts", [...report.acts].map(([name, times]) => `${name} ${times}`).join(", ")],
    ["recorded", `${pictures.parts} parts, ${pictures.segments} segments, ${pictures.pictures.length} pictures`],
    ["the encoder's media waited, ms", report.sourceDelayMs.toFixed(0)],
    ["pictures left out", pictures.leftOut],
    ["discontinuities", pictures.discontinuities + sound.discontinuities],
    ["breaks of times, pictures and sound", pictures.breaks.length + sound.breaks.length],
    ...Object.entries(report.counts),
    ["longest gap in the encoder's tone, ms", report.gapMs],
    [
      `mute to silence in the programme, ms, of ${muteMs.length}`,
      `p50 ${percentile(muteMs, 0.5).toFixed(0)}, p95 ${percentile(muteMs, 0.95).toFixed(0)}, max ${Math.max(...muteMs).toFixed(0)}`,
    ],
    ["faults", faults.slice(0, 10).join("; ") || "none"],
  ]);
  return faults.length === 0;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
