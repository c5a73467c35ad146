import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { PreflightError } from "./problem.ts";

const runFile = promisify(execFile);
const BUDGET_MS = 15_000;

/** What the service needs of ffmpeg, by the list that shows it. */
const NEEDED = { "-encoders": ["libx264", "aac"], "-muxers": ["flv", "nut"], "-demuxers": ["flv", "nut"] } as const;

/** Checks that ffmpeg runs and has the codecs and formats in use. Throws {@link PreflightError}. */
export async function checkFfmpeg(options: { readonly file?: string } = {}): Promise<void> {
  const { file = "ffmpeg" } = options;
  const missing: string[] = [];
  for (const [list, names] of Object.entries(NEEDED)) {
    const text = await ask(file, ["-hide_banner", list]);
    missing.push(...names.filter((name) => !lists(text, name)).map((name) => `${name} (${list.slice(1, -1)})`));
  }
  if (missing.length === 0) return;
  throw new PreflightError(`This ffmpeg lacks ${missing.join(", ")}: install Debian's, with apt-get install ffmpeg.`);
}

/** Checks that Redis can be run. Throws {@link PreflightError}. */
export async function checkRedisServer(options: { readonly file?: string } = {}): Promise<void> {
  await ask(options.file ?? "redis-server", ["--version"]);
}

/** Whether an ffmpeg list has a name: ` V..... libx264   text`, ` D  flv,other   text`. */
export function lists(text: string, name: string): boolean {
  return text.split("\n").some((line) => line.trim().split(/\s+/)[1]?.split(",").includes(name));
}

async function ask(file: string, args: readonly string[]): Promise<string> {
  try {
    return (await runFile(file, [...args], { timeout: BUDGET_MS, maxBuffer: 4 << 20 })).stdout;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "is not installed" : `does not run (${message.split("\n", 1)[0]})`;
    throw new PreflightError(`${file} ${why}: apt-get install ${file}`, { cause });
  }
}
