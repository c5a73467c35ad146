/**
 * A room's mixer child and its supervision: started, told its sources, stage and clock, watched, replaced when it dies or
 * hangs. The pacer fills what is missing meanwhile.
 */
import type { ChildProcess } from "node:child_process";
import { type Backoff, createBackoff, type Logger } from "@lianmai/process";
import type { ProgramFormat } from "../contract.ts";
import type { MixerCommand, MixerEvent, MixerRecord, MixerStats, SourceSpec } from "../mixer/protocol.ts";
import { RecordReader } from "../mixer/protocol.ts";
import { NICENESS, prioritise } from "../prioritise.ts";
import type { MixerPool } from "./mixer-pool.ts";
import type { PicturePool } from "./picture-pool.ts";

/** A child that is not ready, or gives no record while composing, for this long is replaced. */
const READY_BUDGET_MS = 15_000;
const SILENT_BUDGET_MS = 3_000;
/** Largest record: one picture of the largest program (4096x2304 yuv420p). */
const MAX_RECORD_BYTES = 4_096 * 2_304 * 1.5;
/** What the last mixer showed stays this long at most, until the next one has the pictures of all sources. */
const HOLD_MS = 1_000;

type SourcesCommand = Extract<MixerCommand, { readonly kind: "sources" }>;
type StageCommand = Extract<MixerCommand, { readonly kind: "stage" }>;
type OpusCommand = Extract<MixerCommand, { readonly kind: "opus" }>;

export interface MixerProcessOptions {
  readonly logger: Logger;
  readonly pool: Pick<MixerPool, "take">;
  /** Lends the buffers of the records' pictures; whoever needs one beyond {@link onRecord} holds it. */
  readonly pictures: PicturePool;
  readonly onRecord: (record: MixerRecord) => void;
  readonly onEvent: (event: MixerEvent) => void;
}

export class MixerProcess {
  readonly #options: MixerProcessOptions;
  readonly #backoff: Backoff = createBackoff({ minMs: 5, maxMs: 5_000 });
  #child: ChildProcess | null = null;
  #ready = false;
  #sources: SourcesCommand | null = null;
  #stage: StageCommand | null = null;
  #opus: OpusCommand | null = null;
  #start: { readonly format: ProgramFormat; readonly zeroMs: number } | null = null;
  #stats: MixerStats | null = null;
  #restarts = 0;
  #watchdog: NodeJS.Timeout | null = null;
  #retry: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: MixerProcessOptions) {
    this.#options = options;
    this.#spawn();
  }

  get restarts(): number {
    return this.#restarts;
  }

  get stats(): MixerStats | null {
    return this.#stats;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Connects the mixer to exactly these sources, now and after every restart. */
  sources(sources: readonly SourceSpec[]): void {
    this.#sources = { kind: "sources", sources };
    this.#send(this.#sources);
  }

  /** Shows this, now and after every restart. */
  stage(stage: Omit<StageCommand, "kind">): void {
    this.#stage = { kind: "stage", ...stage };
    this.#send(this.#stage);
  }

  /** Has sound encoded as Opus too, or no longer, now and after every restart. */
  opus(opus: Omit<OpusCommand, "kind">): void {
    this.#opus = { kind: "opus", ...opus };
    this.#send(this.#opus);
  }

  /** Has pictures composed from now on, and after every restart. */
  start(start: { readonly format: ProgramFormat; readonly zeroMs: number }): void {
    this.#start = start;
    this.#send({ kind: "start", ...start });
    // One that is still starting has the longer budget, and is told when it is ready.
    if (this.#ready) this.#watch(SILENT_BUDGET_MS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#watchdog) clearTimeout(this.#watchdog);
    if (this.#retry) clearTimeout(this.#retry);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    // A mixer ends by itself when its parent lets go of it.
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill("SIGKILL"), 500);
    await gone;
    clearTimeout(timer);
  }

  #spawn(): void {
    const taken = this.#options.pool.take();
    const { process: child, ready } = taken;
    this.#child = child;
    this.#ready = false;
    this.#watch(READY_BUDGET_MS);
    const reader = new RecordReader({
      maxPayloadBytes: MAX_RECORD_BYTES,
      pictureBuffer: (bytes) => this.#options.pictures.take(bytes),
    });
    taken.onMedia = (bytes) => this.#read(child, reader, bytes);
    child.on("message", (event: MixerEvent) => this.#event(child, event));
    void ready.then(() => this.#becameReady(child));
    child.on("exit", (code, signal) => this.#exited(child, signal ?? `code ${code}`));
  }

  #read(child: ChildProcess, reader: RecordReader, chunk: Buffer): void {
    try {
      for (const record of reader.push(chunk)) {
        if (record.kind === "video") this.#watchdog?.refresh();
        this.#options.onRecord(record);
        if (record.kind === "video") this.#options.pictures.release(record.data);
      }
    } catch (error) {
      this.#options.logger.error({ err: error }, "mixer sent something that is no record");
      child.kill("SIGKILL");
    }
  }

  #event(child: ChildProcess, event: MixerEvent): void {
    if (child !== this.#child) return;
    if (event.kind === "stats") this.#stats = event.stats;
    if (event.kind === "source-on-air") this.#backoff.reset();
    this.#options.onEvent(event);
  }

  #becameReady(child: ChildProcess): void {
    if (child !== this.#child || this.#closed) return;
    this.#ready = true;
    prioritise(child.pid, NICENESS.mixer);
    if (this.#start) this.#send({ kind: "start", ...this.#start, holdMs: this.#restarts > 0 ? HOLD_MS : 0 });
    if (this.#sources) this.#send(this.#sources);
    if (this.#stage) this.#send(this.#stage);
    if (this.#opus) this.#send(this.#opus);
    this.#watch(this.#start ? SILENT_BUDGET_MS : null);
  }

  #exited(child: ChildProcess, reason: string): void {
    if (child !== this.#child || this.#closed) return;
    this.#restarts++;
    const waitMs = this.#backoff.next();
    this.#options.logger.warn({ reason, waitMs }, "mixer ended, starting another");
    this.#watch(null);
    this.#retry = setTimeout(() => this.#spawn(), waitMs);
  }

  #watch(budgetMs: number | null): void {
    if (this.#watchdog) clearTimeout(this.#watchdog);
    this.#watchdog = null;
    if (budgetMs === null || this.#closed) return;
    this.#watchdog = setTimeout(() => {
      this.#options.logger.error({ budgetMs }, "mixer is silent, replacing it");
      this.#child?.kill("SIGKILL");
    }, budgetMs);
  }

  #send(command: MixerCommand): void {
    if (this.#ready && this.#child?.connected) this.#child.send(command, () => {});
  }
}
