/** Names the calendar days and months of an installation. */
export interface Periods {
  /** Day of an instant as YYYY-MM-DD. */
  day(atMs: number): string;
}

const MINUTE_MS = 60_000;

/** Makes {@link Periods} of an IANA time zone; the last minute asked for is remembered. */
export function createPeriods(timeZone: string): Periods {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  let known = { minute: Number.NaN, day: "" };
  return {
    day(atMs) {
      const minute = Math.floor(atMs / MINUTE_MS);
      if (minute !== known.minute) known = { minute, day: format.format(atMs) };
      return known.day;
    },
  };
}

/** Keys of the two periods that caps count in. */
export const spendingPeriods = (day: string) => ({ day: `day ${day}`, month: `month ${day.slice(0, 7)}` });

/** Keys of the leaderboards that a transfer counts on. */
export const scorePeriods = (day: string, programId: string | null): readonly string[] => [
  "all",
  `day ${day}`,
  ...(programId === null ? [] : [`program ${programId}`]),
];
