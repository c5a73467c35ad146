/** One room's program from its first picture to its end: owns the mixer, the media chain, the grace period. */
import { randomBytes } from "node:crypto";
import type { Publication } from "@lianmai/ingest/contract";
import type { Clock, Logger } from "@lianmai/process";
import type { MixerPool } from "../bus/mixer-pool.ts";
import { MixerProcess } from "../bus/mixer-process.ts";
import { PicturePool } from "../bus/picture-pool.ts";
import type { ProgramRecord, RoomSettings } from "../contract.ts";
import type { OriginProgram } from "../hls/origin-program.ts";
import type { OriginProgramOptions } from "../hls/origin-program-options.ts";
import type { VideoEncoder } from "../ladder/arguments.ts";
import { type LadderLimits, planGrid, planLadder } from "../ladder/plan-ladder.ts";
import type { MixerEvent } from "../mixer/protocol.ts";
import { MediaChain } from "./media-chain.ts";
import { type EndReason, type ProgramEvent, type ProgramState, step } from "./program-state.ts";
import { StageDirector } from "./stage-director.ts";

/** A source without a decodable picture for this long never starts a program. */
const FIRST_PICTURE_BUDGET_MS = 15_000;
/** A lost source that is back within this time was a hiccup, not an interruption. */
const HICCUP_MS = 1_500;
const TICK_MS = 250;

export interface SessionOptions {
  readonly room: string;
  readonly epoch: number;
  readonly originUrl: string;
  readonly settings: RoomSettings;
  /** The program that another epoch began; null for a new one. */
  readonly resume: ProgramRecord | null;
  readonly limits: LadderLimits;
  readonly encoder: VideoEncoder;
  readonly mixers: MixerPool;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onRecord: (record: ProgramRecord) => void;
  readonly onOrigin: (program: OriginProgram) => void;
  readonly onPart?: OriginProgramOptions["onPart"];
}

export class ProgramSession {
  /** Settles once, when the program is over and everything is closed. */
  readonly ended: Promise<EndReason>;
  /** Follows the room's stage and the layout its host wants. */
  readonly director: StageDirector;
  readonly #options: SessionOptions;
  readonly #mixer: MixerProcess;
  readonly #logger: Logger;
  readonly #resolveEnded: (reason: EndReason) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #pictures = new PicturePool();
  #state: ProgramState;
  #settings: RoomSettings;
  #chain: MediaChain | null = null;
  #record: ProgramRecord | null = null;
  #publication: Publication | null = null;
  #feedWanted = false;
  #lostSinceMs: number | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#logger = options.logger.child({ room: options.room });
    const { promise, resolve } = Promise.withResolvers<EndReason>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    this.#state = { at: "starting", sinceMs: options.clock.wallMs() };
    this.#mixer = new MixerProcess({
      logger: this.#logger,
      pool: options.mixers,
      pictures: this.#pictures,
      onRecord: (record) => this.#chain?.take(record),
      onEvent: (event) => this.#mixerEvent(event),
    });
    this.director = new StageDirector({ room: options.room, mixer: this.#mixer });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    if (options.resume) this.#resume(options.resume);
  }

  get record(): ProgramRecord | null {
    return this.#record;
  }

  get chain(): MediaChain | null {
    return this.#chain;
  }

  get mixer(): MixerProcess {
    return this.#mixer;
  }

  get sourceId(): string | null {
    return this.#publication?.sessionId ?? null;
  }

  /** A publisher is there; a newer one replaces it. */
  published(publication: Publication): void {
    if (this.#publication?.sessionId === publication.sessionId || this.#closing !== null) return;
    this.#publication = publication;
    this.#lostSinceMs = null;
    this.#logger.info({ session: publication.sessionId, protocol: publication.protocol }, "source taken");
    this.director.publication(publication);
    this.#tellOpus();
  }

  /** The publisher's session is over. */
  unpublished(sessionId: string, reason: string): void {
    if (this.#publication?.sessionId !== sessionId) return;
    this.#publication = null;
    this.#logger.info({ session: sessionId, reason }, "source gone");
    this.director.publication(null);
    this.#tellOpus();
    this.#sourceLost();
    if (this.#state.at === "starting") void this.close("no-picture");
  }

  settings(settings: RoomSettings): void {
    this.#settings = settings;
  }

  /** Ends the program; idempotent. `lease-lost` and `shutdown` leave it for another epoch to go on with. */
  close(reason: EndReason): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: EndReason): Promise<void> {
    clearInterval(this.#timer);
    this.#apply({ kind: "end", atMs: this.#options.clock.wallMs(), why: reason });
    const over = reason !== "shutdown" && reason !== "lease-lost";
    await Promise.all([this.#chain?.close({ ended: over }), this.#mixer.close()]);
    this.#logger.info({ reason }, "program ended");
    this.#resolveEnded(reason);
  }

  #mixerEvent(event: MixerEvent): void {
    if (event.kind === "layout") this.#chain?.layout(event.index, event.layout);
    if (!("sourceId" in event) || event.sourceId !== this.#publication?.sessionId) return;
    if (event.kind === "source-format" && !this.#chain) this.#begin(event);
    if (event.kind === "source-on-air") {
      this.#lostSinceMs = null;
      this.#apply({ kind: "on-air", atMs: this.#options.clock.wallMs() });
    }
    if (event.kind === "source-lost") {
      this.#logger.warn({ reason: event.reason }, "source lost");
      this.#lostSinceMs ??= this.#options.clock.wallMs();
    }
  }

  #begin(source: { readonly width: number; readonly height: number; readonly fps: number }): void {
    const { clock, limits, encoder, room, epoch, originUrl } = this.#options;
    const { format, rungs, note } = planLadder(source, limits);
    const grid = planGrid(format.fps, this.#settings.partTargetMs);
    const startedAtMs = clock.wallMs();
    this.#record = {
      ...{ room, epoch, originUrl, encoder, format, startedAtMs },
      programId: randomBytes(6).toString("hex"),
      at: "interrupted",
      sinceMs: startedAtMs,
      partFrames: grid.partFrames,
      segmentFrames: grid.segmentFrames,
      rungs: [...rungs],
      shed: [],
      ladderNote: note,
      updatedAtMs: startedAtMs,
    };
    this.#logger.info(
      { program: this.#record.programId, ...format, rungs: rungs.map((rung) => rung.name).join(" "), note },
      "program begins",
    );
    this.#open(firstPicture(this.#record), false);
  }

  #resume(record: ProgramRecord): void {
    const { clock, epoch, originUrl } = this.#options;
    const nowMs = clock.wallMs();
    this.#record = { ...record, epoch, originUrl, updatedAtMs: nowMs };
    const graceLeftMs = Math.max(0, record.updatedAtMs + this.#settings.graceMs - nowMs);
    this.#state = { at: "interrupted", sinceMs: nowMs, untilMs: nowMs + graceLeftMs };
    const nowIndex = ((nowMs - zeroWallMs(record)) * record.format.fps) / 1_000;
    const firstIndex = lastEpochStart(record, nowIndex);
    this.#logger.info({ program: record.programId, epoch }, "program goes on in a new epoch");
    this.#open(firstIndex, true);
  }

  #open(firstIndex: number, resumed: boolean): void {
    const record = this.#record;
    if (!record) return;
    const { clock, encoder, limits, onOrigin, onPart } = this.#options;
    this.#chain = new MediaChain({
      ...{ room: record.room, programId: record.programId, epoch: record.epoch, format: record.format },
      ...{ rungs: record.rungs, shed: record.shed, firstIndex, resumed, encoder, cores: limits.cores },
      grid: {
        partFrames: record.partFrames,
        gopFrames: gopFrames(record),
        segmentFrames: record.segmentFrames,
      },
      zeroWallMs: zeroWallMs(record),
      mixer: this.#mixer,
      pictures: this.#pictures,
      clock,
      logger: this.#logger.child({ program: record.programId }),
      onShed: (rung) => this.#publish({ shed: [...(this.#record?.shed ?? []), rung] }),
      onFeedWanted: (wanted) => {
        this.#feedWanted = wanted;
        this.#tellOpus();
      },
      ...(onPart && { onPart }),
    });
    onOrigin(this.#chain.origin);
    this.director.canvas(record.format);
    this.#publish({});
  }

  /** An encoder's sound is wanted alone too: those on stage would hear themselves in the mix. */
  #tellOpus(): void {
    const encoder = this.#publication?.protocol === "stage" ? null : this.#publication;
    this.#mixer.opus({ wanted: this.#feedWanted, solo: encoder?.sessionId ?? null });
  }

  #sourceLost(): void {
    this.#lostSinceMs = null;
    const atMs = this.#options.clock.wallMs();
    this.#apply({ kind: "source-lost", atMs, graceMs: this.#settings.graceMs });
  }

  #tick(): void {
    const atMs = this.#options.clock.wallMs();
    if (this.#lostSinceMs !== null && atMs - this.#lostSinceMs > HICCUP_MS) this.#sourceLost();
    this.#apply({ kind: "time-passed", atMs });
    if (this.#state.at === "starting" && atMs - this.#state.sinceMs > FIRST_PICTURE_BUDGET_MS) {
      void this.close("no-picture");
    } else if (this.#state.at === "ended") {
      void this.close(this.#state.why);
    } else if (this.#record && atMs - this.#record.updatedAtMs >= 1_000) {
      this.#publish({});
    }
  }

  #apply(event: ProgramEvent): void {
    const next = step(this.#state, event);
    if (next === this.#state) return;
    const before = this.#state.at;
    this.#state = next;
    if (next.at !== before) this.#logger.info({ from: before, to: next.at }, "program state");
    this.#publish({});
  }

  #publish(change: Partial<ProgramRecord>): void {
    if (!this.#record) return;
    const state = this.#state;
    const at = state.at === "starting" ? "interrupted" : state.at;
    const left = state.at === "ended" && (state.why === "shutdown" || state.why === "lease-lost");
    this.#record = {
      ...this.#record,
      ...change,
      // A program left for another epoch is not over: its record stays as it was.
      at: left ? "interrupted" : at,
      sinceMs: state.sinceMs,
      updatedAtMs: this.#options.clock.wallMs(),
    };
    this.#options.onRecord(this.#record);
  }
}

type Grid = Pick<ProgramRecord, "segmentFrames" | "partFrames" | "format">;

const gopFrames = ({ format, partFrames }: Grid): number =>
  partFrames * Math.max(1, Math.round(format.fps / partFrames));

/**
 * A program's first picture: not 0, so that no time is negative, and at a segment's last GOP, since players take up
 * a playlist with its first complete segment, which is then there after one GOP.
 */
const firstPicture = (grid: Grid): number => 2 * grid.segmentFrames - gopFrames(grid);

/** The latest such place in a segment that is not after `index`. */
export function lastEpochStart(grid: Grid, index: number): number {
  const offset = grid.segmentFrames - gopFrames(grid);
  return Math.floor((index - offset) / grid.segmentFrames) * grid.segmentFrames + offset;
}

/** Wall time of picture 0. */
export const zeroWallMs = (record: ProgramRecord): number =>
  record.startedAtMs - (firstPicture(record) * 1_000) / record.format.fps;
