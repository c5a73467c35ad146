/** Mixer children ready before they are needed: one spare, so that a dead mixer is replaced without its start-up. */
import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createBackoff, type Logger } from "@lianmai/process";
import { connectToMixer } from "../mixer/media-socket.ts";
import { MIXER_FLAGS, mixerEnvironment } from "../mixer/memory.ts";
import type { MixerEvent } from "../mixer/protocol.ts";
import { NICENESS, prioritise } from "../prioritise.ts";

/** A started child; it has said `ready` once the promise settles, which it does not if it dies before. */
export interface MixerChild {
  readonly process: ChildProcess;
  readonly ready: Promise<void>;
  /** Where its records go from now on; nothing is sent before `start`. The memory is overwritten by the next read. */
  onMedia: (bytes: Buffer) => void;
}

export interface MixerPoolOptions {
  readonly logger: Logger;
  /** Where the children's sockets are; made when missing. */
  readonly directory: string;
  /** Least delay of an encoder's media, milliseconds. */
  readonly minSourceDelayMs: number;
  /** Child's module; tests replace it. */
  readonly module?: URL;
}

/** A start-up takes a core for a second: the mixer that was just taken needs it more. */
const NEXT_SPARE_MS = 1_500;

export class MixerPool {
  readonly #options: MixerPoolOptions;
  readonly #backoff = createBackoff({ minMs: 100, maxMs: 10_000 });
  #spare: MixerChild | null = null;
  #retry: NodeJS.Timeout | null = null;
  #started = 0;
  #closed = false;

  constructor(options: MixerPoolOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    this.#prepare();
  }

  /** The spare if there is one, else a new child; the next spare is started once this one works, or is gone. */
  take(): MixerChild {
    const child = this.#spare ?? this.#start();
    child.process.removeAllListeners("exit");
    this.#spare = null;
    const later = () => {
      this.#retry = setTimeout(() => this.#prepare(), NEXT_SPARE_MS);
    };
    void child.ready.then(later);
    child.process.once("exit", () => this.#prepare());
    return child;
  }

  close(): void {
    this.#closed = true;
    if (this.#retry) clearTimeout(this.#retry);
    this.#spare?.process.removeAllListeners("exit").kill("SIGKILL");
    this.#spare = null;
  }

  #prepare(): void {
    if (this.#closed || this.#spare) return;
    const child = this.#start();
    this.#spare = child;
    void child.ready.then(() => this.#backoff.reset());
    child.process.on("exit", () => {
      if (this.#spare !== child) return;
      this.#spare = null;
      this.#retry = setTimeout(() => this.#prepare(), this.#backoff.next());
    });
  }

  #start(): MixerChild {
    const module = this.#options.module ?? new URL("../mixer/main.ts", import.meta.url);
    const path = join(this.#options.directory, `mixer-${this.#started++}.sock`);
    const child = fork(module, [path, String(this.#options.minSourceDelayMs)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      serialization: "json",
      execArgv: [...process.execArgv, ...MIXER_FLAGS],
      env: mixerEnvironment(),
    });
    // Its start-up is not to hold up the programs that run.
    prioritise(child.pid, NICENESS.starting);
    child.on("error", (error) => {
      this.#options.logger.error({ err: error }, "mixer could not be started");
      // A process that never was does not end (node:child_process, "error").
      if (child.pid === undefined) child.emit("exit", null, null);
    });
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const mixer: MixerChild = { process: child, ready, onMedia: () => {} };
    const listen = (event: MixerEvent) => {
      if (event.kind === "listening") connectToMixer(path, (bytes) => mixer.onMedia(bytes));
      if (event.kind !== "ready") return;
      child.off("message", listen);
      resolve();
    };
    child.on("message", listen);
    return mixer;
  }
}
