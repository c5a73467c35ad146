import { readSettings, SettingsError } from "@lianmai/process";
import { createLogOutput } from "./output/log-output.ts";
import { PreflightError } from "./preflight/problem.ts";
import { runService } from "./run-service.ts";
import { StartError } from "./supervise/child.ts";
import type { ChildSpec } from "./supervise/spawn-child.ts";

const USAGE = "usage: npm start [-- --demo]\n  --demo  also makes a demo room and publishes a test picture to it\n";

/**
 * The start command: runs the service made of `services` above its Redis, until asked to stop.
 * Resolves to the exit code: 0 asked to stop, 1 could not start, 64 wrong option, 78 bad settings.
 */
export async function runCommand(
  args: readonly string[],
  services: (env: ChildSpec["env"]) => readonly ChildSpec[],
): Promise<number> {
  const unknown = args.find((arg) => arg !== "--demo");
  if (unknown !== undefined) return refuse(unknown === "--help" ? USAGE : `unknown option ${unknown}\n${USAGE}`, 64);
  try {
    const settings = readSettings(process.env);
    await runService({
      settings,
      env: process.env,
      demo: args.includes("--demo"),
      output: createLogOutput({
        format: settings.LOG_FORMAT,
        level: settings.LOG_LEVEL,
        colour: process.stdout.isTTY === true && !process.env.NO_COLOR,
        write: (text) => void process.stdout.write(text),
      }),
      signal: stopSignal(),
      services,
    });
    return 0;
  } catch (error) {
    if (error instanceof SettingsError) return refuse(`${error.message}\n`, 78);
    if (error instanceof PreflightError || error instanceof StartError) return refuse(`lianmai: ${error.message}\n`, 1);
    throw error;
  }
}

/** Aborted by the first Ctrl-C or SIGTERM, or when whoever started this process is gone. Later ones change nothing. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => controller.abort());
  if (process.send) process.on("disconnect", () => controller.abort());
  // A terminal that went away must not keep the service from stopping in order.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  return controller.signal;
}

function refuse(text: string, code: number): number {
  process.stderr.write(text);
  return code;
}
