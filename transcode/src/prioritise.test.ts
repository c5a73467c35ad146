import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { getPriority } from "node:os";
import { expect, it } from "vitest";
import { prioritise } from "./prioritise.ts";

/** A process that has its threads already when it says so. */
const CHILD = 'require("node:fs").stat("/", () => console.log("up")); setInterval(() => {}, 1_000)';

it("reaches all threads of a process, and bears one that has ended", async () => {
  const child = spawn(process.execPath, ["-e", CHILD], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await new Promise((resolve) => child.stdout.once("data", resolve));
    // Nicer is allowed to everybody.
    const nicer = getPriority() + 3;
    prioritise(child.pid, nicer);
    const threads = readdirSync(`/proc/${child.pid}/task`).map(Number);
    expect(threads.length).toBeGreaterThan(4);
    expect(threads.map(getPriority)).toEqual(threads.map(() => nicer));
  } finally {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }
  prioritise(child.pid, 0);
  prioritise(undefined, 0);
});
