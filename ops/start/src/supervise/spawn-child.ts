import { type ChildProcess, spawn } from "node:child_process";
import { accessSync } from "node:fs";
import { createInterface } from "node:readline";

/** One process to be supervised, as data. */
export interface ChildSpec {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * How the child says that it serves. `message`: it has an IPC channel and sends `{kind:"ready"}`, and
   * it ends by itself when the channel closes. A function: resolves when the child answers.
   */
  readonly ready: "message" | ((signal: AbortSignal) => Promise<void>);
}

/** What a running child tells its owner. */
export interface ChildListener {
  line(stream: "stdout" | "stderr", text: string): void;
  message(message: unknown): void;
  /** Called once, after the last line of output or shortly after the end. */
  exited(code: number | null, signalName: NodeJS.Signals | null): void;
}

/** A running child: the leader of its own process group, so that the terminal's Ctrl-C does not reach it. */
export interface RunningChild {
  readonly pid: number | undefined;
  signal(name: NodeJS.Signals): void;
  /** Kills the child and every process it left in its group. */
  killGroup(): void;
}

/** Ends a program without an IPC channel when the supervisor dies; part of util-linux. */
const SETPRIV = "/usr/bin/setpriv";

/** Longest line of a child's output that is passed on whole. */
const MAX_LINE_LENGTH = 16_000;

/** Starts a child. A program that cannot be started reports `exited(127)`. */
export function spawnChild(spec: ChildSpec, listener: ChildListener): RunningChild {
  const linked = spec.ready === "message";
  const [file, args] = linked ? [spec.file, spec.args] : dieWithParent(spec.file, spec.args);
  const child = spawn(file, [...args], {
    detached: true,
    env: spec.env,
    stdio: ["ignore", "pipe", "pipe", ...(linked ? (["ipc"] as const) : [])],
  });
  for (const stream of ["stdout", "stderr"] as const) {
    const input = child[stream];
    if (!input) continue;
    createInterface({ input }).on("line", (text) => listener.line(stream, text.slice(0, MAX_LINE_LENGTH)));
  }
  child.on("message", (message) => listener.message(message));
  reportExitOnce(child, listener);
  return {
    pid: child.pid,
    signal: (name) => void child.kill(name),
    killGroup: () => killGroup(child.pid),
  };
}

function reportExitOnce(child: ChildProcess, listener: ChildListener): void {
  let reported = false;
  const report = (code: number | null, signalName: NodeJS.Signals | null) => {
    if (reported) return;
    reported = true;
    listener.exited(code, signalName);
  };
  child.on("error", (error) => {
    listener.line("stderr", error.message);
    if (child.pid === undefined) report(127, null);
  });
  // A grandchild may hold the pipes open, so "close" alone could never come.
  child.on("exit", (code, signalName) => setTimeout(report, 20, code, signalName));
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is empty.
  }
}

function dieWithParent(file: string, args: readonly string[]): readonly [string, readonly string[]] {
  try {
    accessSync(SETPRIV);
  } catch {
    return [file, args];
  }
  return [SETPRIV, ["--pdeathsig", "TERM", "--", file, ...args]];
}
