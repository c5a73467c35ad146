/** A real mixer process with its records read, for tests and measurements. */
import { type ChildProcess, fork } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectToMixer } from "../media-socket.ts";
import { MIXER_FLAGS, mixerEnvironment } from "../memory.ts";
import { type MixerCommand, type MixerEvent, type MixerRecord, RecordReader } from "../protocol.ts";

const MAX_RECORD_BYTES = 16 * 1024 * 1024;
/** Of an encoder's media, as where the operator says nothing. */
const LEAST_DELAY_MS = "15";

export class MixerProcess {
  readonly child: ChildProcess;
  /** Connected before the mixer is ready. */
  media: Socket | undefined;
  readonly events: MixerEvent[] = [];
  readonly records: MixerRecord[] = [];
  /** Keeps only the last pictures' bytes when set: long runs hold little. */
  readonly #keep: number;
  readonly #news = new EventEmitter();

  constructor(options: { readonly keepRecords?: number; readonly execArgv?: readonly string[] } = {}) {
    this.#keep = options.keepRecords ?? Number.POSITIVE_INFINITY;
    const folder = mkdtempSync(join(tmpdir(), "lianmai-mixer-"));
    const path = join(folder, "media.sock");
    this.child = fork(new URL("../main.ts", import.meta.url), [path, LEAST_DELAY_MS], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: [...MIXER_FLAGS, ...(options.execArgv ?? [])],
      env: mixerEnvironment(),
    });
    this.child.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const reader = new RecordReader({ maxPayloadBytes: MAX_RECORD_BYTES });
    this.child.on("message", (event: MixerEvent) => {
      if (event.kind === "listening") {
        this.media = connectToMixer(path, (bytes) => {
          for (const record of reader.push(bytes)) this.#take(record);
        });
      }
      this.events.push(event);
      this.#news.emit("news");
    });
  }

  send(...commands: readonly MixerCommand[]): void {
    for (const command of commands) this.child.send(command);
  }

  /** Resolves once `isTrue`; checked at each event and record. Rejects after `budgetMs`. */
  async until(isTrue: () => boolean, options: { readonly budgetMs?: number } = {}): Promise<void> {
    const signal = AbortSignal.timeout(options.budgetMs ?? 30_000);
    while (!isTrue()) await once(this.#news, "news", { signal });
  }

  async event(kind: MixerEvent["kind"]): Promise<MixerEvent> {
    await this.until(() => this.events.some((event) => event.kind === kind));
    return this.events.find((event) => event.kind === kind) as MixerEvent;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
  }

  #take(record: MixerRecord): void {
    this.records.push(record);
    if (this.records.length > this.#keep) this.records.shift();
    this.#news.emit("news");
  }
}
