/** Figures of a benchmark, printed with the machine they were taken on. */
import { cpus, loadavg } from "node:os";

/** The value below which `share` of `values` lie; NaN for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** One line about the machine. */
export function machineLine(): string {
  const model = cpus()[0]?.model ?? "unknown";
  return `${cpus().length} x ${model}, node ${process.version}, load ${loadavg()
    .map((load) => load.toFixed(1))
    .join(" ")}`;
}

/** Prints rows as aligned text. */
export function printRows(title: string, rows: readonly (readonly [string, string | number])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  process.stdout.write(`\n${title}\n${machineLine()}\n`);
  for (const [name, value] of rows) process.stdout.write(`  ${name.padEnd(width)}  ${value}\n`);
}

/** Reads `--name value` pairs; unknown names are an error. */
export function readOptions<T extends Readonly<Record<string, number>>>(args: readonly string[], defaults: T): T {
  const options: Record<string, number> = { ...defaults };
  for (let at = 0; at < args.length; at += 2) {
    const name = args[at]?.replace(/^--/, "") ?? "";
    const value = Number(args[at + 1]);
    if (!(name in defaults) || !Number.isFinite(value)) {
      throw new Error(`unknown option ${args[at]} ${args[at + 1] ?? ""}; known: ${Object.keys(defaults).join(", ")}`);
    }
    options[name] = value;
  }
  return options as T;
}
