/** How a browser's packets reach the mixer: clocks of its own, jitter, loss, late reports. Pure and repeatable. */
import type { HandoverFrame, HandoverTrack } from "@lianmai/ingest/rtp-handover";
import { randomFrom } from "./arrivals.ts";
import type { RtpMedia } from "./make-rtp-media.ts";
import { type PacketiseOptions, packH264, packVp8, rtpPacket, senderReport } from "./packetise.ts";

export interface FrameArrival {
  readonly atMs: number;
  readonly frame: HandoverFrame;
}

export interface RtpNetworkOptions extends PacketiseOptions {
  /** When the first picture is taken. */
  readonly startMs: number;
  /** Media is repeated until this long is sent. */
  readonly seconds: number;
  /** Sender's clocks against ours; positive = its second is shorter. */
  readonly driftPpm?: number;
  /** Its sound card against its other clocks. */
  readonly audioDriftPpm?: number;
  /** Uniform extra delay, 0 to this; packets overtake each other. */
  readonly jitterMs?: number;
  /** Share of the packets that are lost, 0 to 1. */
  readonly loss?: number;
  /** A lost picture packet comes again after this, unless lost again; absent: never. */
  readonly recoverMs?: number;
  /** First sender report of each track, after the start. */
  readonly reportMs?: { readonly audio: number; readonly video: number };
  /** Nothing is sent between these times after the start. */
  readonly silences?: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** The microphone gives nothing for `ms` from a time after the start, and its timestamps know nothing of it. */
  readonly microphoneStalls?: readonly { readonly atMs: number; readonly ms: number }[];
  /** From a time after the start, pictures are stamped `ms` early, though reports say otherwise. */
  readonly picturesEarly?: { readonly fromMs: number; readonly ms: number };
  readonly seed?: number;
  readonly audio?: boolean;
}

const AUDIO = 1;
const VIDEO = 2;
const STEP_MS = 1_000;
/** A picture leaves this long after it is taken, a sound when it is complete. */
const ENCODE_MS = 12;
const SOUND_MS = 20;
const PACKET_MS = 0.4;
/** As browsers send them. */
const REPORT_EVERY_MS = { audio: 5_000, video: 1_000 } as const;
/** The sender's wall clock knows nothing of ours. */
const NTP_MS = 3_900_000_000_000;

/** Arrivals in order; made second by second, so that an hour needs no memory. */
export function* rtpArrivals(media: RtpMedia, options: RtpNetworkOptions): Generator<FrameArrival> {
  const sender = new Sender(media, options);
  yield { atMs: options.startMs, frame: { kind: "header", header: { version: 1, tracks: sender.tracks } } };
  const waiting: FrameArrival[] = [];
  for (let fromMs = 0; fromMs < options.seconds * 1_000; fromMs += STEP_MS) {
    waiting.push(...sender.send(fromMs + STEP_MS));
    waiting.sort((a, b) => a.atMs - b.atMs);
    const final = waiting.findIndex(({ atMs }) => atMs > sender.ourMs(fromMs + STEP_MS));
    yield* waiting.splice(0, final < 0 ? waiting.length : final);
  }
  yield* waiting;
}

class Sender {
  readonly #media: RtpMedia;
  readonly #options: RtpNetworkOptions;
  readonly #random: () => number;
  readonly #sequence = { [AUDIO]: 65_000, [VIDEO]: 12 };
  #picture = 0;
  #sound = 0;
  #nextReport: { audio: number; video: number };

  constructor(media: RtpMedia, options: RtpNetworkOptions) {
    this.#media = media;
    this.#options = options;
    this.#random = randomFrom(options.seed ?? 1);
    this.#nextReport = { ...(options.reportMs ?? { audio: 2_000, video: 1_000 }) };
  }

  get tracks(): HandoverTrack[] {
    const { codec } = this.#media;
    const common = { payloadType: 96, fmtp: "", muted: false };
    const video = { track: VIDEO, kind: "video", codec, clockRate: 90_000, channels: 0, ssrc: VIDEO } as const;
    const audio = { track: AUDIO, kind: "audio", codec: "opus", clockRate: 48_000, channels: 2, ssrc: AUDIO } as const;
    return [...(this.#options.audio === false ? [] : [{ ...audio, ...common }]), { ...video, ...common }];
  }

  /** Our time at the sender's `senderMs` after its start. */
  ourMs(senderMs: number): number {
    return this.#options.startMs + senderMs * (1 - (this.#options.driftPpm ?? 0) / 1e6);
  }

  /** What is sent of the media taken since the last call and before this time. */
  send(toMs: number): FrameArrival[] {
    const arrivals: FrameArrival[] = [];
    const { fps, frames, sounds } = this.#media;
    for (; (this.#picture * 1_000) / fps < toMs; this.#picture++) {
      const takenMs = (this.#picture * 1_000) / fps;
      const frame = frames[this.#picture % frames.length];
      if (frame && !this.#isSilent(takenMs)) this.#sendPicture(frame, takenMs, arrivals);
    }
    const soundMs = SOUND_MS * (1 - (this.#options.audioDriftPpm ?? 0) / 1e6);
    for (; this.#stalled(this.#sound * soundMs) < toMs; this.#sound++) {
      const takenMs = this.#stalled(this.#sound * soundMs);
      const data = sounds[Math.round(takenMs / soundMs) % sounds.length];
      const sequence = this.#sequence[AUDIO]++;
      if (!data || this.#isSilent(takenMs) || this.#options.audio === false) continue;
      const packet = rtpPacket(data, { sequence, timestamp: this.#sound * 960 + 77, ssrc: AUDIO, marker: false });
      this.#arrive({ kind: "rtp", track: AUDIO, arrivalMs: 0, packet }, { leftMs: takenMs + SOUND_MS }, arrivals);
    }
    this.#report(toMs, arrivals);
    return arrivals;
  }

  #sendPicture(frame: readonly Buffer[], takenMs: number, arrivals: FrameArrival[]): void {
    const payloads =
      this.#media.codec === "h264" ? packH264(frame, this.#options) : packVp8(frame[0] as Buffer, this.#picture);
    const { fromMs = Number.POSITIVE_INFINITY, ms = 0 } = this.#options.picturesEarly ?? {};
    const timestamp = Math.round((takenMs < fromMs ? takenMs : takenMs - ms) * 90) + 4_294_000_000;
    for (const [i, payload] of payloads.entries()) {
      const header = { sequence: this.#sequence[VIDEO]++, timestamp, ssrc: VIDEO, marker: i === payloads.length - 1 };
      const packet = rtpPacket(payload, header);
      const leftMs = takenMs + ENCODE_MS + i * PACKET_MS;
      this.#arrive(
        { kind: "rtp", track: VIDEO, arrivalMs: 0, packet },
        { leftMs, recoverMs: this.#options.recoverMs },
        arrivals,
      );
    }
  }

  #arrive(
    frame: HandoverFrame,
    way: { readonly leftMs: number; readonly recoverMs?: number | undefined },
    arrivals: FrameArrival[],
  ): void {
    const { jitterMs = 0, loss = 0 } = this.#options;
    let atMs = this.ourMs(way.leftMs) + 5 + this.#random() * jitterMs;
    if (this.#random() < loss) {
      if (way.recoverMs === undefined || this.#random() < loss) return;
      atMs += way.recoverMs;
    }
    arrivals.push({ atMs, frame });
  }

  #report(untilMs: number, arrivals: FrameArrival[]): void {
    const soundRate = 48 * (1 + (this.#options.audioDriftPpm ?? 0) / 1e6);
    for (const [name, track, timestampAt] of [
      ["audio", AUDIO, (ms: number) => this.#heard(ms) * soundRate + 77],
      ["video", VIDEO, (ms: number) => ms * 90 + 4_294_000_000],
    ] as const) {
      for (; this.#nextReport[name] < untilMs; this.#nextReport[name] += REPORT_EVERY_MS[name]) {
        const atMs = this.#nextReport[name];
        const packet = senderReport({ ntpMs: NTP_MS + atMs, timestamp: timestampAt(atMs), ssrc: track });
        this.#arrive({ kind: "rtcp", track, arrivalMs: 0, packet }, { leftMs: atMs }, arrivals);
      }
    }
  }

  /** When the microphone gives what it would have given at `ms` without its stalls. */
  #stalled(ms: number): number {
    return (this.#options.microphoneStalls ?? []).reduce((at, stall) => (at >= stall.atMs ? at + stall.ms : at), ms);
  }

  /** How much the microphone has given at `atMs`; in a stall, as much as if it went on, which is what reports say. */
  #heard(atMs: number): number {
    return (
      atMs -
      (this.#options.microphoneStalls ?? []).reduce(
        (sum, { atMs: from, ms }) => (atMs >= from + ms ? sum + ms : sum),
        0,
      )
    );
  }

  #isSilent(takenMs: number): boolean {
    return (this.#options.silences ?? []).some(({ fromMs, toMs }) => takenMs >= fromMs && takenMs < toMs);
  }
}
