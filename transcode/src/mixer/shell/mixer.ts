/** A mixer's working parts behind its commands: at most one source and one running program. */
import type { Writable } from "node:stream";
import type { Clock } from "@lianmai/process";
import { ProgramEngine } from "../program/program-engine.ts";
import type { MixerCommand, MixerEvent } from "../protocol.ts";
import { FlvSource } from "../source/flv-source.ts";
import type { SourceEvent } from "../source/source.ts";
import { HttpFlv } from "./http-flv.ts";
import { RecordWriter } from "./record-writer.ts";
import { Ticker } from "./ticker.ts";

const STATS_EVERY_MS = 1_000;

export interface MixerOptions {
  readonly clock: Clock;
  readonly media: Writable;
  readonly send: (event: MixerEvent) => void;
}

interface Feed {
  readonly sourceId: string;
  readonly source: FlvSource;
  readonly connection: HttpFlv;
}

export class Mixer {
  readonly #options: MixerOptions;
  readonly #writer: RecordWriter;
  #feed: Feed | null = null;
  #engine: ProgramEngine | null = null;
  #ticker: Ticker | null = null;
  #stats: NodeJS.Timeout | null = null;

  constructor(options: MixerOptions) {
    this.#options = options;
    this.#writer = new RecordWriter(options.media);
  }

  take(command: MixerCommand): void {
    switch (command.kind) {
      case "source":
        this.#connect(command);
        break;
      case "source-gone":
        this.#sourceGone(command.sourceId);
        break;
      case "start":
        this.#start(command);
        break;
      case "stop":
        this.#stop();
        break;
    }
  }

  /** Ends everything; the mixer is of no further use. */
  close(): void {
    this.#stop();
    this.#dropFeed();
    this.#writer.close();
  }

  #connect(command: Extract<MixerCommand, { kind: "source" }>): void {
    const { clock } = this.#options;
    const { sourceId, url, fpsHint } = command;
    this.#feed?.connection.close();
    if (!this.#engine) this.#feed?.source.close();
    const source = new FlvSource({
      sourceId,
      fpsHint,
      onEvent: (event) => this.#sourceEvent(sourceId, event),
      lagMs: () => Math.max(0, clock.monotonicMs() - (this.#engine?.nextDueMs ?? Number.POSITIVE_INFINITY)),
    });
    this.#feed = { sourceId, source, connection: new HttpFlv({ url, source, clock }) };
    this.#engine?.setSolo(source);
  }

  #sourceEvent(sourceId: string, event: SourceEvent): void {
    if (this.#feed?.sourceId !== sourceId) return;
    if (event.kind === "format") this.#options.send({ ...event, kind: "source-format", sourceId });
    else {
      // What it sends can never be shown: reading on would only cost.
      this.#feed.connection.close();
      this.#options.send({ kind: "source-lost", sourceId, reason: event.reason });
    }
  }

  #sourceGone(sourceId: string): void {
    if (this.#feed?.sourceId === sourceId) this.#dropFeed();
  }

  #dropFeed(): void {
    const feed = this.#feed;
    if (!feed) return;
    this.#feed = null;
    feed.connection.close();
    if (this.#engine) this.#engine.removeSource(feed.sourceId);
    else feed.source.close();
  }

  #start(command: Extract<MixerCommand, { kind: "start" }>): void {
    this.#stop();
    const { clock, send } = this.#options;
    const engine = new ProgramEngine({
      format: command.format,
      zeroMs: command.zeroMs,
      nowMs: () => clock.monotonicMs(),
      output: {
        picture: (index, picture) => {
          picture.retain();
          this.#writer.write("video", index, { data: picture.bytes, done: () => picture.release() });
        },
        sound: (index, data) => this.#writer.write("audio", index, { data }),
        thumbnail: (index, data) => this.#writer.write("thumbnail", index, { data }),
      },
      onAir: (sourceId) => send({ kind: "source-on-air", sourceId }),
      onLost: (sourceId, reason) => send({ kind: "source-lost", sourceId, reason }),
    });
    this.#engine = engine;
    if (this.#feed) engine.setSolo(this.#feed.source);
    this.#ticker = new Ticker({
      clock,
      nextDueMs: () => engine.nextDueMs,
      run: () => engine.advance(),
    });
    this.#stats = setInterval(() => {
      send({ kind: "stats", stats: engine.stats({ droppedRecords: this.#writer.dropped }) });
    }, STATS_EVERY_MS);
  }

  /** Stops composing; the source, closed with the engine, has to be given again. */
  #stop(): void {
    this.#ticker?.stop();
    this.#ticker = null;
    if (this.#stats) clearInterval(this.#stats);
    this.#stats = null;
    if (!this.#engine) return;
    this.#feed?.connection.close();
    this.#feed = null;
    this.#engine.close();
    this.#engine = null;
  }
}
