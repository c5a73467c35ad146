import { flushCompileCache } from "node:module";
import { createLogger, type Logger } from "./logger.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { readSettings, type Settings, SettingsError } from "./settings.ts";

/** How long a process may take to stop before it exits anyway. */
export const STOP_BUDGET_MS = 4_000;

const SUPERVISOR_GONE = "supervisor gone";

/** What every process of the service starts with. */
export interface ProcessContext {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Aborted once, when the process must stop. */
  readonly signal: AbortSignal;
}

/**
 * Runs one process: settings, logger and metrics in; SIGINT, SIGTERM or the loss of the
 * supervisor (IPC disconnect) aborts `signal`, then `main`'s returned `stop` gets
 * {@link STOP_BUDGET_MS}. Sends `{kind:"ready"}` to the supervisor once `main` resolves.
 * Exit codes: 0 asked to stop, 78 bad settings, 1 anything else.
 */
export async function runProcess(
  name: string,
  main: (context: ProcessContext) => Promise<{ stop(): Promise<void> }>,
): Promise<void> {
  const settings = settingsOrExit();
  const logger = createLogger({ process: name, level: settings.LOG_LEVEL });
  const controller = new AbortController();
  const asked = new Promise<string>((resolve) => {
    for (const signalName of ["SIGINT", "SIGTERM"] as const) process.on(signalName, () => resolve(signalName));
    if (process.send) process.on("disconnect", () => resolve(SUPERVISOR_GONE));
  });
  process.on("uncaughtException", (error) => {
    logger.fatal({ err: error }, "uncaught exception");
    process.exit(1);
  });
  process.on("unhandledRejection", (error) => {
    logger.fatal({ err: error }, "unhandled rejection");
    process.exit(1);
  });
  let running: { stop(): Promise<void> };
  try {
    running = await main({ settings, logger, metrics: createMetrics(name), signal: controller.signal });
  } catch (error) {
    logger.fatal({ err: error }, "could not start");
    process.exit(1);
  }
  process.send?.({ kind: "ready" });
  // one that is killed leaves what it has compiled to the next
  flushCompileCache();
  const reason = await asked;
  setTimeout(() => {
    logger.error("stop took too long");
    leave(1, reason);
  }, STOP_BUDGET_MS).unref();
  controller.abort();
  await running.stop();
  logger.info({ reason }, "stopped");
  leave(0, reason);
}

/** Exits. Without a supervisor to do it, takes along what is left in the process group that this one leads. */
function leave(code: number, reason: string): never {
  if (reason === SUPERVISOR_GONE) {
    try {
      process.kill(-process.pid, "SIGKILL");
    } catch {
      // Leads no group.
    }
  }
  process.exit(code);
}

/** The settings of this process's environment; says what cannot be used and exits with 78. */
export function settingsOrExit(): Settings {
  try {
    return readSettings(process.env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(78);
  }
}
