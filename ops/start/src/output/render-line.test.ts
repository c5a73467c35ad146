import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLogOutput } from "./log-output.ts";
import { parseLine, renderRecord } from "./render-line.ts";

const source = { process: "ingest", stream: "stdout", nowMs: Date.UTC(2026, 0, 1) } as const;
const render = (line: string) => renderRecord(parseLine(line, source), { colour: false });

describe("a child's line", () => {
  it("is rendered with its fields in order, without those that have a place", () => {
    const line = JSON.stringify({
      level: "info",
      time: "2026-01-01T12:00:01.000Z",
      process: "ingest",
      pid: 1,
      room: "demo",
      title: "two words",
      sizes: [1, 2],
      msg: "publisher accepted",
    });
    expect(render(line).slice(8)).toBe(' ingest    info  publisher accepted room=demo title="two words" sizes=[1,2]');
  });

  it("shows an error's message, and its stack below", () => {
    const err = { type: "Error", message: "no disk", stack: "Error: no disk\n    at x" };
    const text = render(JSON.stringify({ level: "fatal", msg: "could not start", err }));
    expect(text).toContain('fatal could not start error="no disk"\n    Error: no disk\n        at x');
  });

  it("stays text when it is no record", () => {
    expect(render("{broken")).toContain("info  {broken");
    const record = parseLine("{}", { ...source, stream: "stderr" });
    expect(record).toMatchObject({ level: "warn", text: "{}" });
  });

  it("never carries a control character to the terminal, whatever it holds", () => {
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()), (msg, fields) => {
        const text = render(JSON.stringify({ ...fields, level: "info", msg, err: undefined, stack: undefined }));
        expect(text).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

describe("the output", () => {
  const collect = (format: "pretty" | "json", level: string) => {
    const lines: string[] = [];
    const output = createLogOutput({ format, level, colour: false, write: (text) => lines.push(text), nowMs: () => 0 });
    return { output, lines };
  };

  it("leaves out what is below the level, but no notice", () => {
    const { output, lines } = collect("pretty", "warn");
    output.event("info", "edge", "ready");
    output.event("warn", "edge", "ended");
    output.notice("hello");
    expect(lines.map((line) => line.slice(-10))).toEqual([expect.stringContaining("ended\n"), "hello\n"]);
  });

  it("writes one JSON record per line", () => {
    const { output, lines } = collect("json", "info");
    output.line("edge", "stdout", '{"level":"info","msg":"as it is"}');
    output.line("edge", "stderr", "plain");
    output.notice("two\nlines");
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(["as it is", "plain", "two\nlines"]);
  });
});
