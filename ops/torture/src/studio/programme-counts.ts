/** What the programme's own counters say of pictures and sound that are not as they came. */
import type { Stack } from "@lianmai/e2e/stack";

/** By what it is called in a report. */
const COUNTERS = {
  "pictures repeated by the mixer": "lianmai_mixer_held_pictures",
  "pictures made up by the pacer": "lianmai_pacer_filled_pictures",
  "sound blocks made up by the pacer": "lianmai_pacer_filled_sounds",
  "pictures the encoder did not take": "lianmai_encoder_dropped_pictures",
  "mixers started again": "lianmai_mixer_restarts",
  "encoders started again": "lianmai_encoder_restarts",
  "rungs given up": "lianmai_rungs_shed",
} as const;

export type CounterName = keyof typeof COUNTERS;
export type ProgrammeCounts = Readonly<Record<CounterName, number>>;

/** Reads all counters of a room's programme. Throws when one is not there. */
export async function readCounts(stack: Stack, room: string): Promise<ProgrammeCounts> {
  const answer = await fetch(`http://127.0.0.1:${stack.ports.transcode}/metrics`);
  const text = await answer.text();
  const read = (metric: string): number => {
    const value = new RegExp(`^${metric}\\{[^}]*room="${room}"[^}]*\\} (\\S+)$`, "m").exec(text)?.[1];
    if (value === undefined) throw new Error(`no ${metric} of ${room}`);
    return Number(value);
  };
  return Object.fromEntries(
    Object.entries(COUNTERS).map(([name, metric]) => [name, read(metric)]),
  ) as unknown as ProgrammeCounts;
}

/** What was added between two readings. */
export const countsSince = (before: ProgrammeCounts, after: ProgrammeCounts): ProgrammeCounts =>
  Object.fromEntries(
    Object.entries(after).map(([name, count]) => [name, count - before[name as CounterName]]),
  ) as unknown as ProgrammeCounts;
