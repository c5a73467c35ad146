/** Writes a voice note anew: mono Opus, nothing of the container or the tags that came. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Examined } from "./examine.ts";

/** Longest a voice note may be; what comes after is left out. */
const MAX_SECONDS = 120;
const BUDGET_MS = 15_000;
const MAX_BYTES = 1_024 * 1_024;

/** Undefined when there is no sound in it that can be read as `demuxer`. Rejects when ffmpeg cannot be run. */
export async function cleanVoice(demuxer: string | undefined, bytes: Buffer): Promise<Examined | undefined> {
  if (demuxer === undefined) return undefined;
  const directory = await mkdtemp(join(tmpdir(), "lianmai-voice-"));
  try {
    // a file, as some recorders write what must be known first at the end
    const path = join(directory, "note");
    await writeFile(path, bytes, { mode: 0o600 });
    const clean = await run(voiceArguments(demuxer, path));
    return clean && { bytes: clean, type: "audio/webm" };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The command line; the demuxer is told, so that nothing in the bytes can choose one that opens other files. */
export const voiceArguments = (demuxer: string, path: string): string[] => [
  ...["-hide_banner", "-loglevel", "error", "-nostdin", "-protocol_whitelist", "file", "-f", demuxer, "-i", path],
  ...["-map", "0:a:0", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"],
  ...["-t", String(MAX_SECONDS), "-ac", "1", "-ar", "48000", "-c:a", "libopus", "-b:a", "32k"],
  ...["-f", "webm", "pipe:1"],
];

function run(args: readonly string[]): Promise<Buffer | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const child = spawn("ffmpeg", args, {
    stdio: ["ignore", "pipe", "ignore"],
    timeout: BUDGET_MS,
    killSignal: "SIGKILL",
  });
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_BYTES) child.kill("SIGKILL");
    else chunks.push(chunk);
  });
  child.on("error", reject);
  child.on("close", (code) => resolve(code === 0 && size > 0 && size <= MAX_BYTES ? Buffer.concat(chunks) : undefined));
  return promise;
}
