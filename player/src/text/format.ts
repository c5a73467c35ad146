/** Numbers and times as people of a language write them. Pure. */

/** 1,234 or 1.2万. */
export function formatCount(value: number, tag: string): string {
  // The first use of Intl takes a slow machine 50 ms, which the first picture would wait for.
  if (Number.isInteger(value) && value >= 0 && value < 1_000) return String(value);
  return new Intl.NumberFormat(tag, value >= 10_000 ? { notation: "compact", maximumFractionDigits: 1 } : {}).format(
    value,
  );
}

/** "2.1 Mbit/s", "640 kbit/s". */
export function formatBits(bitsPerSecond: number, tag: string): string {
  const mega = bitsPerSecond >= 1e6;
  const value = mega ? bitsPerSecond / 1e6 : bitsPerSecond / 1e3;
  const digits = mega && value < 10 ? 1 : 0;
  const number = new Intl.NumberFormat(tag, { maximumFractionDigits: digits }).format(value);
  return `${number} ${mega ? "Mbit/s" : "kbit/s"}`;
}

/** "1.16 s". */
export function formatSeconds(ms: number, tag: string, digits = 2): string {
  const format = new Intl.NumberFormat(tag, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${format.format(ms / 1_000)} s`;
}

/** "7:05", "1:02:03". */
export function formatElapsed(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(total / 3_600);
  const minutes = Math.floor((total % 3_600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${minutes}:${two(total % 60)}`;
}

/** "5 minutes ago", "3 天前". */
export function formatAgo(atMs: number, nowMs: number, tag: string): string {
  const seconds = Math.round((atMs - nowMs) / 1_000);
  const format = new Intl.RelativeTimeFormat(tag, { numeric: "auto" });
  const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ];
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  }
  return format.format(seconds > -5 ? 0 : seconds, "second");
}

/** Date and time, short. */
export function formatDate(atMs: number, tag: string): string {
  return new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "short" }).format(atMs);
}
