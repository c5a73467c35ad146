/** The running parts of one program: mixer, pacer, ladder and the origin's program, wired together. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock, Logger } from "@lianmai/process";
import type { MixerProcess } from "../bus/mixer-process.ts";
import { Pacer } from "../bus/pacer.ts";
import type { PicturePool } from "../bus/picture-pool.ts";
import type { ProgramFormat, Rung } from "../contract.ts";
import { LayoutRanges } from "../hls/layout-ranges.ts";
import { OriginProgram } from "../hls/origin-program.ts";
import type { OriginProgramOptions } from "../hls/origin-program-options.ts";
import type { VideoEncoder } from "../ladder/arguments.ts";
import { Ladder } from "../ladder/ladder.ts";
import type { LayoutDocument } from "../layout/document.ts";
import type { MixerRecord } from "../mixer/protocol.ts";
import { ProgramFeed } from "./program-feed.ts";

/** Prefix of the directories that hold the encoders' sockets; the process id follows. */
export const SOCKET_DIRECTORY_PREFIX = "lianmai-ladder-";

export interface ChainOptions {
  readonly room: string;
  readonly programId: string;
  readonly epoch: number;
  readonly format: ProgramFormat;
  readonly rungs: readonly Rung[];
  readonly shed: readonly string[];
  readonly grid: { readonly partFrames: number; readonly gopFrames: number; readonly segmentFrames: number };
  /** Wall time of picture 0, milliseconds since the Unix epoch. */
  readonly zeroWallMs: number;
  /** First picture made; at the start of a GOP. */
  readonly firstIndex: number;
  /** Whether the program already had another epoch: what comes is marked as a discontinuity. */
  readonly resumed: boolean;
  readonly encoder: VideoEncoder;
  readonly cores: number;
  readonly mixer: MixerProcess;
  /** Lends the buffers of the mixer's pictures. */
  readonly pictures: PicturePool;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onShed: (rung: string) => void;
  readonly onPart?: OriginProgramOptions["onPart"];
  /** Whether somebody reads the program's feed, with which the mixer's Opus goes. */
  readonly onFeedWanted: (wanted: boolean) => void;
}

export class MediaChain {
  readonly origin: OriginProgram;
  readonly ladder: Ladder;
  readonly pacer: Pacer;
  /** The program for the stage: players by WebRTC, and guests. */
  readonly feed: ProgramFeed;
  readonly #layouts: LayoutRanges;

  constructor(options: ChainOptions) {
    const { format, grid, clock, logger, pictures: pool } = options;
    const zeroMs = clock.monotonicMs() - (clock.wallMs() - options.zeroWallMs);
    this.#layouts = new LayoutRanges({ startedAtMs: options.zeroWallMs, fps: format.fps });
    this.origin = new OriginProgram({
      ...{ room: options.room, programId: options.programId, epoch: options.epoch, format, ...grid },
      rungs: options.rungs.filter((rung) => !options.shed.includes(rung.name)),
      startedAtMs: options.zeroWallMs,
      firstIndex: options.firstIndex,
      // One for each time the program was taken up again: monotonic without being stored.
      discontinuitySequence: options.resumed ? options.epoch : 0,
      clock,
      dateRanges: (fromMs) => this.#layouts.since(fromMs),
      ...(options.onPart && { onPart: options.onPart }),
    });
    if (options.resumed) this.origin.discontinuity(options.firstIndex);
    const origin = this.origin;
    this.feed = new ProgramFeed({
      rungs: options.rungs.filter(({ width }) => width > 0),
      ...{ fps: format.fps, zeroWallMs: options.zeroWallMs, onWanted: options.onFeedWanted },
    });
    const feed = this.feed;
    this.ladder = new Ladder({
      ...{ format, rungs: options.rungs, shed: options.shed, gopFrames: grid.gopFrames },
      ...{ encoder: options.encoder, cores: options.cores, logger, clock, pool },
      directory: join(tmpdir(), `${SOCKET_DIRECTORY_PREFIX}${process.pid}`, options.programId),
      output: {
        videoConfig: (rung, avcC) => {
          origin.videoConfig(rung, avcC);
          feed.config(rung, avcC);
        },
        audioConfig: (config) => origin.audioConfig(config),
        video: (rung, picture) => {
          feed.picture(rung, picture);
          origin.video(rung, picture);
        },
        audio: (sound) => origin.audio(sound),
        shed: (rung) => {
          origin.shed(rung);
          options.onShed(rung);
        },
      },
    });
    this.pacer = new Pacer({ format, zeroMs, firstIndex: options.firstIndex, sink: this.ladder, clock, pool });
    options.mixer.start({ format, zeroMs });
    this.pacer.start();
  }

  /** Takes a record of the mixer. */
  take(record: MixerRecord): void {
    if (record.kind === "thumbnail") this.origin.thumbnail(record.data);
    else if (record.kind === "mix-opus") this.feed.sound("mix", record.index, record.data);
    else if (record.kind === "solo-opus") this.feed.sound("solo", record.index, record.data);
    else this.pacer.take(record);
  }

  /** The mixer shows a layout from picture `index` on. */
  layout(index: number, layout: LayoutDocument): void {
    this.#layouts.add(index, layout);
  }

  /** Stops; `ended`: the program is over (ENDLIST), else another epoch may go on with it. */
  async close(options: { readonly ended: boolean }): Promise<void> {
    this.pacer.stop();
    this.feed.end();
    await this.ladder.close();
    if (options.ended) this.origin.end();
  }
}
