/** Sound and pictures for raw clients: RTP as an encoder like OBS sends it, without any report. */
import { spawnSync } from "node:child_process";
import { writeRtp } from "../rtp/packet.ts";
import { RAW_PAYLOAD_TYPES } from "./raw-client.ts";

const MTU = 1_100;
/** 20 ms of silence, stereo (RFC 6716 3.1). */
const SILENCE = Buffer.from([0xfc, 0xff, 0xfe]);

/**
 * Pictures of a second or two of H.264 at 30 a second, each as its NAL units without start codes. `filter`: what becomes
 * of the test picture; `gop`: pictures from one keyframe to the next.
 */
export function encodePictures(options: {
  readonly size: string;
  readonly frames: number;
  readonly bits: number;
  readonly filter?: string;
  readonly gop?: number;
}) {
  const { size, frames, bits, filter = "null", gop = 30 } = options;
  const made = spawnSync(
    "ffmpeg",
    [
      ...["-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", `testsrc2=size=${size}:rate=30`, "-vf", filter],
      ...["-frames:v", String(frames), "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"],
      ...["-profile:v", "baseline", "-pix_fmt", "yuv420p", "-g", String(gop), "-b:v", String(bits), "-threads", "1"],
      ...["-x264-params", "aud=1:sliced-threads=0:slices=1", "-f", "h264", "-"],
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  const pictures: Buffer[][] = [];
  for (const unit of splitAnnexB(made.stdout)) {
    const type = (unit[0] ?? 0) & 0x1f;
    if (type === 9) pictures.push([]);
    else if (type !== 6) pictures.at(-1)?.push(unit);
  }
  return pictures;
}

function splitAnnexB(stream: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let start = -1;
  for (let at = 0; at + 3 <= stream.length; at += 1) {
    if (stream[at] !== 0 || stream[at + 1] !== 0 || stream[at + 2] !== 1) continue;
    if (start >= 0) units.push(stream.subarray(start, stream[at - 1] === 0 ? at - 1 : at));
    start = at + 3;
  }
  if (start >= 0) units.push(stream.subarray(start));
  return units;
}

/** Sends pictures over and over, and silence, in real time, until stopped. */
export class RawShow {
  readonly #send: (packet: Buffer) => void;
  readonly #ssrcs: { readonly audio: number; readonly video: number };
  readonly #pictures: readonly (readonly Buffer[])[];
  readonly #startedMs = performance.now();
  readonly #timer: NodeJS.Timeout;
  #sounds = 0;
  #shown = 0;
  #videoSequence = 1;

  constructor(options: {
    readonly send: (packet: Buffer) => void;
    readonly ssrcs: { readonly audio: number; readonly video: number };
    readonly pictures: readonly (readonly Buffer[])[];
  }) {
    this.#send = options.send;
    this.#ssrcs = options.ssrcs;
    this.#pictures = options.pictures;
    this.#timer = setInterval(() => this.#tick(), 10);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const elapsedMs = performance.now() - this.#startedMs;
    for (; this.#sounds * 20 < elapsedMs; this.#sounds += 1) this.#sound(this.#sounds);
    for (; (this.#shown * 1_000) / 30 < elapsedMs; this.#shown += 1) this.#picture(this.#shown);
  }

  #sound(n: number): void {
    this.#send(
      writeRtp(SILENCE, {
        ...{ payloadType: RAW_PAYLOAD_TYPES.audio, sequence: (n + 1) & 0xffff, timestamp: (n * 960) >>> 0 },
        ...{ ssrc: this.#ssrcs.audio, marker: n === 0, transportSequenceId: 0 },
      }),
    );
  }

  /** Each parameter set in a packet of its own, as libdatachannel's packetiser writes them. */
  #picture(n: number): void {
    const payloads = packPicture(this.#pictures[n % this.#pictures.length] ?? []);
    for (const [i, payload] of payloads.entries()) {
      this.#videoSequence = (this.#videoSequence + 1) & 0xffff;
      this.#send(
        writeRtp(payload, {
          ...{ payloadType: RAW_PAYLOAD_TYPES.video, sequence: this.#videoSequence, timestamp: (n * 3_000) >>> 0 },
          ...{ ssrc: this.#ssrcs.video, marker: i === payloads.length - 1, transportSequenceId: 0 },
        }),
      );
    }
  }
}

/** The payloads of a picture's NAL units, each alone or in fragments. */
export const packPicture = (units: readonly Buffer[]): Buffer[] =>
  units.flatMap((unit) => (unit.length <= MTU ? [unit] : fragment(unit)));

/** RFC 6184 5.8. */
function fragment(unit: Buffer): Buffer[] {
  const first = unit[0] ?? 0;
  const parts: Buffer[] = [];
  for (let at = 1; at < unit.length; at += MTU) {
    const isLast = at + MTU >= unit.length;
    const flags = (at === 1 ? 0x80 : 0) | (isLast ? 0x40 : 0) | (first & 0x1f);
    parts.push(Buffer.concat([Buffer.from([(first & 0xe0) | 28, flags]), unit.subarray(at, at + MTU)]));
  }
  return parts;
}
