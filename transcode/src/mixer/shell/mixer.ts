/** A mixer's working parts behind its commands: its sources, each with a connection, and at most one running program. */
import type { Writable } from "node:stream";
import type { Clock } from "@lianmai/process";
import { ProgramEngine } from "../program/program-engine.ts";
import type { MixerCommand, MixerEvent, SourceSpec } from "../protocol.ts";
import { FlvSource } from "../source/flv-source.ts";
import { RtpSource } from "../source/rtp/rtp-source.ts";
import type { SourceEvent } from "../source/source.ts";
import { type BodySource, HttpSource } from "./http-source.ts";
import { KeyframeRequests } from "./keyframe-requests.ts";
import { RecordWriter } from "./record-writer.ts";
import { Ticker } from "./ticker.ts";

const STATS_EVERY_MS = 1_000;
/** A host, eight guests and their screens, and those that are just being replaced. */
const MOST_SOURCES = 24;

export interface MixerOptions {
  readonly clock: Clock;
  readonly media: Writable;
  readonly send: (event: MixerEvent) => void;
  /** Least delay of an encoder's media; see `PlayoutDelay`. */
  readonly minSourceDelayMs: number;
}

interface Feed {
  readonly source: BodySource;
  readonly connection: HttpSource;
}

type StageCommand = Extract<MixerCommand, { kind: "stage" }>;
type OpusCommand = Extract<MixerCommand, { kind: "opus" }>;

export class Mixer {
  readonly #options: MixerOptions;
  readonly #writer: RecordWriter;
  readonly #feeds = new Map<string, Feed>();
  #stage: StageCommand | null = null;
  #opus: OpusCommand | null = null;
  #engine: ProgramEngine | null = null;
  #ticker: Ticker | null = null;
  #stats: NodeJS.Timeout | null = null;

  constructor(options: MixerOptions) {
    this.#options = options;
    this.#writer = new RecordWriter(options.media);
  }

  take(command: MixerCommand): void {
    switch (command.kind) {
      case "sources":
        this.#connect(command.sources.slice(0, MOST_SOURCES));
        break;
      case "stage":
        this.#stage = command;
        this.#direct();
        break;
      case "opus":
        this.#opus = command;
        this.#engine?.setOpus(command);
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
    for (const sourceId of this.#feeds.keys()) this.#drop(sourceId);
    this.#writer.close();
  }

  #connect(specs: readonly SourceSpec[]): void {
    // New ones first, so that one that takes another's place does not leave it empty in between.
    for (const spec of specs) if (!this.#feeds.has(spec.sourceId)) this.#add(spec);
    for (const sourceId of this.#feeds.keys()) {
      if (!specs.some((spec) => spec.sourceId === sourceId)) this.#drop(sourceId);
    }
  }

  #add(spec: SourceSpec): void {
    const source = this.#open(spec);
    const connection = new HttpSource({ url: spec.url, source, clock: this.#options.clock });
    this.#feeds.set(spec.sourceId, { source, connection });
    this.#engine?.addSource(source);
  }

  #open({ sourceId, url, format, fpsHint }: SourceSpec): BodySource {
    const { clock, minSourceDelayMs } = this.#options;
    const common = {
      sourceId,
      onEvent: (event: SourceEvent) => this.#sourceEvent(sourceId, event),
      lagMs: () => Math.max(0, clock.monotonicMs() - (this.#engine?.nextDueMs ?? Number.POSITIVE_INFINITY)),
    };
    if (format === "flv") return new FlvSource({ ...common, fpsHint, minDelayMs: minSourceDelayMs });
    const keyframes = new KeyframeRequests({ sourceUrl: url, clock });
    return new RtpSource({ ...common, onKeyframeNeeded: () => keyframes.ask() });
  }

  #sourceEvent(sourceId: string, event: SourceEvent): void {
    const feed = this.#feeds.get(sourceId);
    if (!feed) return;
    if (event.kind === "format") this.#options.send({ ...event, kind: "source-format", sourceId });
    else {
      // What it sends can never be shown: reading on would only cost.
      feed.connection.close();
      this.#options.send({ kind: "source-lost", sourceId, reason: event.reason });
    }
  }

  #drop(sourceId: string): void {
    const feed = this.#feeds.get(sourceId);
    if (!feed) return;
    this.#feeds.delete(sourceId);
    feed.connection.close();
    if (this.#engine) this.#engine.removeSource(sourceId);
    else feed.source.close();
  }

  #direct(): void {
    if (!this.#stage) return;
    const { layout, cast, gains } = this.#stage;
    this.#engine?.setStage({ layout, cast, gains: new Map(Object.entries(gains)) });
  }

  #start(command: Extract<MixerCommand, { kind: "start" }>): void {
    this.#stop();
    const { clock, send } = this.#options;
    const engine = new ProgramEngine({
      format: command.format,
      zeroMs: command.zeroMs,
      holdMs: command.holdMs ?? 0,
      nowMs: () => clock.monotonicMs(),
      output: {
        picture: (index, picture) => {
          picture.retain();
          this.#writer.write("video", index, { data: picture.bytes, done: () => picture.release() });
        },
        sound: (index, data) => this.#writer.write("audio", index, { data }),
        thumbnail: (index, data) => this.#writer.write("thumbnail", index, { data }),
        opus: (track, sample, data) => this.#writer.write(`${track}-opus`, sample, { data }),
      },
      onAir: (sourceId) => send({ kind: "source-on-air", sourceId }),
      onLost: (sourceId, reason) => send({ kind: "source-lost", sourceId, reason }),
      onLayout: (index, layout) => send({ kind: "layout", index, layout }),
    });
    this.#engine = engine;
    for (const { source } of this.#feeds.values()) engine.addSource(source);
    this.#direct();
    if (this.#opus) engine.setOpus(this.#opus);
    this.#ticker = new Ticker({
      clock,
      nextDueMs: () => engine.nextDueMs,
      run: () => engine.advance(),
    });
    this.#stats = setInterval(() => {
      send({ kind: "stats", stats: engine.stats({ droppedRecords: this.#writer.dropped }) });
    }, STATS_EVERY_MS);
  }

  /** Stops composing; the sources, closed with the engine, have to be given again. */
  #stop(): void {
    this.#ticker?.stop();
    this.#ticker = null;
    if (this.#stats) clearInterval(this.#stats);
    this.#stats = null;
    if (!this.#engine) return;
    for (const { connection } of this.#feeds.values()) connection.close();
    this.#feeds.clear();
    this.#engine.close();
    this.#engine = null;
  }
}
