/** The only importer of fluent-ffmpeg: starts an encoder, says how it ended. */
import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import ffmpeg from "fluent-ffmpeg";
import { NICENESS, prioritise } from "../prioritise.ts";
import type { LadderArguments } from "./arguments.ts";

/** Why an encoder ended. */
export type FfmpegEnd =
  | { readonly kind: "asked" }
  | { readonly kind: "input-ended" }
  | { readonly kind: "failed"; readonly reason: string };

export interface FfmpegProcess {
  readonly ended: Promise<FfmpegEnd>;
  /** Undefined until the process is there. */
  pid(): number | undefined;
  /** Ends it at once; `ended` tells when it is gone. */
  kill(): void;
}

/** Starts ffmpeg with `input` on its stdin. Never throws: failures are told by `ended`. */
export function startFfmpeg(input: Readable, args: LadderArguments): FfmpegProcess {
  const { promise: ended, resolve } = Promise.withResolvers<FfmpegEnd>();
  const command = ffmpeg({ source: input });
  // Several arguments, never one array: the library splits array items at a blank.
  command.inputOptions(...(args.input as [string]));
  command.complexFilter([...args.filter]);
  let asked = false;
  let child: ChildProcess | undefined;
  const stderrTail: string[] = [];
  for (const output of args.outputs) command.output(output.target).outputOptions(...(output.options as [string]));
  command.on("start", () => {
    child = (command as unknown as { readonly ffmpegProc?: ChildProcess }).ffmpegProc;
    // A kill before the spawn is silently lost by the library.
    if (asked) child?.kill("SIGKILL");
    child?.stdin?.on("error", () => {});
    prioritise(child?.pid, NICENESS.encoder);
  });
  command.on("stderr", (line: string) => {
    stderrTail.push(line);
    if (stderrTail.length > 12) stderrTail.shift();
  });
  command.on("end", () => resolve(asked ? { kind: "asked" } : { kind: "input-ended" }));
  command.on("error", (error: Error) => {
    const reason = [error.message, ...stderrTail.slice(-3)].join(" | ").slice(0, 500);
    resolve(asked ? { kind: "asked" } : { kind: "failed", reason });
  });
  command.run();
  return {
    ended,
    pid: () => child?.pid,
    kill() {
      asked = true;
      child?.kill("SIGKILL");
    },
  };
}

/** Asks ffmpeg now what the library asks before its first start, and remembers: a program would wait for it. */
export async function warmUpFfmpeg(): Promise<void> {
  const command = ffmpeg();
  await new Promise<void>((resolve) => command.getAvailableFormats(() => resolve()));
  await new Promise<void>((resolve) => command.getAvailableEncoders(() => resolve()));
}
