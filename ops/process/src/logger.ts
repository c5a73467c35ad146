import { type Logger as PinoLogger, pino } from "pino";

/** A pino logger; bind room and session once with `child()`. */
export type Logger = PinoLogger;

/** One JSON line per event on stdout; `process` names the emitter. */
export function createLogger(options: { readonly process: string; readonly level: string }): Logger {
  return pino({
    level: options.level,
    base: { process: options.process },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: ["key", "token", "password", "*.key", "*.token", "*.password"], censor: "[redacted]" },
  });
}
