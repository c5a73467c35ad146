/** One log record in its parts, as a child wrote it or as the supervisor makes it. */
export interface LogRecord {
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly process: string;
  readonly level: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const COLOURS: Readonly<Record<string, number>> = { trace: 90, debug: 90, info: 32, warn: 33, error: 31, fatal: 31 };
/** Keys of a pino line that have their own place in a rendered one. */
const PLACED = new Set(["level", "time", "process", "msg", "pid", "hostname", "err"]);

/** Reads a child's line: a pino JSON line in full, anything else as text. */
export function parseLine(
  line: string,
  source: { readonly process: string; readonly stream: "stdout" | "stderr"; readonly nowMs: number },
): LogRecord {
  const plain = { timeMs: source.nowMs, process: source.process, level: "info", text: line, fields: {} };
  if (source.stream === "stderr") return { ...plain, level: "warn" };
  if (!line.startsWith("{")) return plain;
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(line);
  } catch {
    return plain;
  }
  return {
    timeMs: typeof parsed.time === "string" ? Date.parse(parsed.time) || source.nowMs : source.nowMs,
    process: source.process,
    level: typeof parsed.level === "string" ? parsed.level : "info",
    text: typeof parsed.msg === "string" ? parsed.msg : "",
    fields: { ...errorFields(parsed.err), ...withoutPlaced(parsed) },
  };
}

/** A record as one readable line, `12:00:01 ingest    info  publisher accepted room=demo`; a stack follows indented. */
export function renderRecord(record: LogRecord, options: { readonly colour: boolean }): string {
  const paint = (code: number, text: string) => (options.colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const { stack, ...fields } = record.fields;
  const rest = Object.entries(fields).map(([key, value]) => `${paint(90, `${clean(key)}=`)}${renderValue(value)}`);
  const head = [
    paint(90, new Date(record.timeMs).toTimeString().slice(0, 8)),
    paint(36, record.process.padEnd(9)),
    paint(COLOURS[record.level] ?? 37, record.level.padEnd(5)),
  ];
  const line = [...head, clean(record.text), ...rest].join(" ");
  return typeof stack === "string" ? `${line}\n${indent(stack)}` : line;
}

function withoutPlaced(parsed: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parsed).filter(([key]) => !PLACED.has(key)));
}

function errorFields(error: unknown): Record<string, unknown> {
  if (typeof error !== "object" || error === null) return {};
  const { message, stack } = error as { readonly message?: unknown; readonly stack?: unknown };
  return { error: message, stack };
}

function renderValue(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
  return /^[^\s"=]+$/.test(text) || typeof value !== "string" ? clean(text) : JSON.stringify(clean(text));
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `    ${clean(line)}`)
    .join("\n");
}

/** Control characters out: a room's name must not drive the operator's terminal. */
function clean(text: string): string {
  return text.replace(/\p{Cc}/gu, " ");
}
