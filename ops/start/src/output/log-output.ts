import type { Settings } from "@lianmai/process";
import { type LogRecord, parseLine, renderRecord } from "./render-line.ts";

const SEVERITY: Readonly<Record<string, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: 99,
};

/** Writes the processes' lines and the supervisor's own, readable or as JSON. */
export interface LogOutput {
  /** A child's line; `stdout` lines are pino JSON, or plain text of a program that knows no better. */
  line(process: string, stream: "stdout" | "stderr", text: string): void;
  event(level: string, process: string, text: string): void;
  /** Text for the operator that no log level hides. In JSON format it is one record. */
  notice(text: string): void;
}

/** Makes the output; `write` gets whole lines. */
export function createLogOutput(options: {
  readonly format: Settings["LOG_FORMAT"];
  readonly level: string;
  readonly colour: boolean;
  readonly write: (text: string) => void;
  readonly nowMs?: () => number;
}): LogOutput {
  const { format, colour, write, nowMs = Date.now } = options;
  const least = SEVERITY[options.level] ?? 30;
  const emit = (record: LogRecord) => {
    if ((SEVERITY[record.level] ?? 30) < least) return;
    write(format === "json" ? asJson(record) : `${renderRecord(record, { colour })}\n`);
  };
  return {
    line(process, stream, text) {
      if (text.trim() === "") return;
      if (format === "json" && text.startsWith("{")) write(`${text}\n`);
      else emit(parseLine(text, { process, stream, nowMs: nowMs() }));
    },
    event: (level, process, text) => emit({ timeMs: nowMs(), process, level, text, fields: {} }),
    notice(text) {
      const record = { timeMs: nowMs(), process: "start", level: "info", text, fields: {} };
      write(format === "json" ? asJson(record) : `${text}\n`);
    },
  };
}

function asJson({ timeMs, process, level, text, fields }: LogRecord): string {
  return `${JSON.stringify({ level, time: new Date(timeMs).toISOString(), process, ...fields, msg: text })}\n`;
}
