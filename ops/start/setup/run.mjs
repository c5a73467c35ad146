import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout's root folder. */
export const rootDir = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

/** A set-up step that cannot go on; the message says what to do. */
export class SetupError extends Error {}

/** One progress line, apart from what the service itself writes. */
export function say(line) {
  process.stderr.write(`lianmai: ${line}\n`);
}

/** Path of a program, or undefined when PATH has none. */
export function findProgram(name, path = process.env.PATH ?? "") {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

let current;

/** Sends a signal to the running step, if any. */
export function signalCurrent(signalName) {
  current?.kill(signalName);
}

/**
 * Runs one program to its end and resolves to its exit code (128 + 15 when a signal ended it).
 * `link` adds an IPC channel, by which the child learns that this process is gone.
 * `quiet` keeps its output back, unless it fails.
 */
export function run(file, args, { cwd = rootDir, env = process.env, link = false, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const output = quiet ? "pipe" : "inherit";
    const stdio = ["inherit", output, output, ...(link ? ["ipc"] : [])];
    const child = spawn(file, args, { cwd, env, stdio });
    const held = [];
    child.stdout?.on("data", (bytes) => held.push(bytes));
    child.stderr?.on("data", (bytes) => held.push(bytes));
    current = child;
    child.once("error", reject);
    child.once("close", (code, signalName) => {
      current = undefined;
      if (code !== 0) process.stderr.write(Buffer.concat(held));
      resolve(code ?? (signalName === "SIGINT" ? 130 : 143));
    });
  });
}

/** Runs the npm that started this (or the one in PATH). */
export function runNpm(args, { cwd = rootDir, env = process.env, quiet = false } = {}) {
  const clean = { ...env };
  for (const name of Object.keys(clean)) {
    if (/^npm_(package|lifecycle|command|config_(local_)?prefix)/.test(name)) delete clean[name];
  }
  const cli = process.env.npm_execpath;
  const options = { cwd, env: clean, quiet };
  return cli?.endsWith(".js") ? run(process.execPath, [cli, ...args], options) : run("npm", args, options);
}
