/** A real mixer process with WebRTC sources over HTTP, in real time, for measurements. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { writeHandoverFrame } from "@lianmai/ingest/rtp-handover";
import { systemClock } from "@lianmai/process";
import type { LayoutChoice } from "../../layout/document.ts";
import { planLayout } from "../../layout/plan-layout.ts";
import type { MixerStats } from "../protocol.ts";
import { makeRtpMedia, type RtpMedia } from "./make-rtp-media.ts";
import { MixerProcess } from "./mixer-process.ts";
import { rtpArrivals } from "./rtp-network.ts";

const CANVAS = { width: 1280, height: 720 };
const MEDIA_SECONDS = 10;
const LONG_S = 24 * 3_600;
const KINDS: readonly LayoutChoice["kind"][] = ["grid", "picture-in-picture", "auto", "audio-room"];

export interface BenchStageOptions {
  readonly codec: "h264" | "vp8";
  readonly count: number;
  readonly width: number;
  readonly height: number;
  /** A module that the mixer's process loads first. */
  readonly preload?: string;
}

export class BenchStage {
  readonly #mixer: MixerProcess;
  readonly #server: http.Server;
  readonly #media: RtpMedia;
  readonly #count: number;

  private constructor(options: BenchStageOptions, media: RtpMedia) {
    const { preload } = options;
    this.#mixer = new MixerProcess({ keepRecords: 1, execArgv: preload === undefined ? [] : ["--import", preload] });
    this.#media = media;
    this.#count = options.count;
    this.#server = http.createServer((request, response) => this.#serve(request, response));
  }

  /** Resolves once all sources are on air. */
  static async start(options: BenchStageOptions): Promise<BenchStage> {
    const { codec, width, height } = options;
    const media = await makeRtpMedia({ codec, width, height, fps: 30, seconds: MEDIA_SECONDS, gop: 30 });
    const stage = new BenchStage(options, media);
    await new Promise<void>((resolve) => stage.#server.listen(0, "127.0.0.1", resolve));
    const mixer = stage.#mixer;
    await mixer.event("ready");
    mixer.send({ kind: "start", format: { ...CANVAS, fps: 30 }, zeroMs: systemClock.monotonicMs() });
    stage.#show(
      [...Array(options.count).keys()].map((i) => `${i}`),
      "auto",
    );
    await mixer.until(() => mixer.events.filter(({ kind }) => kind === "source-on-air").length >= options.count);
    return stage;
  }

  get pid(): number {
    return this.#mixer.child.pid ?? 0;
  }

  /** Someone else on stage, in another layout. */
  shuffle(turn: number): void {
    const ids = [...Array(this.#count).keys()].filter((i) => (i + turn) % 3 !== 0);
    // A participant who was away comes back with another source.
    const people = ids.map((i) => `${i}-${Math.floor((i + turn) / 3)}`);
    this.#show(people, KINDS[turn % KINDS.length] ?? "auto");
  }

  /** A source's pictures for about so many seconds, in H.264's byte stream format (Annex B). */
  annexB(seconds: number): Buffer {
    const start = Buffer.from([0, 0, 0, 1]);
    const once = Buffer.concat(this.#media.frames.flat().flatMap((nal) => [start, nal]));
    return Buffer.concat(Array.from({ length: Math.ceil(seconds / MEDIA_SECONDS) }, () => once));
  }

  figures(): { readonly pictures: number; readonly held: number; readonly late: readonly number[] } {
    const stats = this.#mixer.events.flatMap((event): MixerStats[] => (event.kind === "stats" ? [event.stats] : []));
    const last = stats.at(-1);
    return {
      pictures: last?.pictures ?? 0,
      held: last?.held ?? 0,
      late: stats.map(({ tickLateMaxMs }) => tickLateMaxMs),
    };
  }

  async stop(): Promise<void> {
    await this.#mixer.kill();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #show(ids: readonly string[], kind: LayoutChoice["kind"]): void {
    const { port } = this.#server.address() as AddressInfo;
    const people = ids.map((id) => ({
      id,
      name: `Guest ${id} 嘉宾`,
      hasCamera: true,
      hasScreen: false,
      isMuted: false,
    }));
    this.#mixer.send(
      {
        kind: "sources",
        sources: ids.map((id) => ({ sourceId: id, url: `http://127.0.0.1:${port}/${id}`, format: "rtp", fpsHint: 0 })),
      },
      {
        kind: "stage",
        layout: planLayout(people, { choice: { kind }, room: "r", canvas: CANVAS }),
        cast: ids.map((id) => ({ room: "r", participantId: id, slot: "camera", sourceId: id })),
        gains: {},
      },
    );
  }

  /** Sends the media of one guest as it would arrive, each a little apart from the others. */
  #serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (request.method !== "GET") {
      response.writeHead(202).end();
      return;
    }
    const seed = Number.parseInt(request.url?.slice(1) ?? "1", 10) + 1;
    const startMs = performance.now() + seed * 7;
    const arrivals = rtpArrivals(this.#media, { startMs, seconds: LONG_S, jitterMs: 6, seed });
    let next = arrivals.next();
    const timer = setInterval(() => {
      for (; !next.done && next.value.atMs <= performance.now(); next = arrivals.next()) {
        response.write(writeHandoverFrame(next.value.frame));
      }
    }, 5);
    response.on("close", () => clearInterval(timer));
  }
}
