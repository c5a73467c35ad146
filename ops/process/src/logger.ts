import { type Logger as PinoLogger, pino } from "pino";
import { sourceStack } from "./source-stack.ts";

/** A pino logger; bind room and session once with `child()`. */
export type Logger = PinoLogger;

/** One JSON line per event on stdout; `process` names the emitter. */
export function createLogger(options: { readonly process: string; readonly level: string }): Logger {
  return pino({
    level: options.level,
    base: { process: options.process },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
    redact: { paths: ["key", "token", "password", "*.key", "*.token", "*.password"], censor: "[redacted]" },
  });
}

function describeError(error: Error): unknown {
  const described = pino.stdSerializers.err(error);
  // anything may be thrown, and logged
  if (typeof described?.stack === "string") described.stack = sourceStack(described.stack);
  return described;
}
