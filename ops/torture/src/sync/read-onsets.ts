/** When flashes and beeps begin in a recorded programme, on its own timeline. */
import { spawnSync } from "node:child_process";
import { median, type Packet, probePackets } from "@lianmai/e2e/record";
import { decodeSound } from "@lianmai/e2e/tone-level";

/** A place in the picture, as shares of its width and height. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A programme taken apart, to be asked for anybody's flashes and beeps. */
export interface TakenApart {
  /** Brightness of {@link CELLS} in each picture, and when it begins, milliseconds. */
  readonly pictures: readonly { readonly atMs: number; readonly cells: Uint8Array }[];
  readonly samples: Float32Array;
  readonly soundAtMs: number;
}

/** What each picture is reduced to. */
const CELLS = { across: 32, down: 18 } as const;
/** Of an area, from its middle: names and rings are drawn at its edges. */
const LOOKED_AT = 0.4;
const SAMPLE_RATE = 8_000;
const AAC_SAMPLES = 1_024;
const PROGRAMME_SAMPLE_RATE = 48_000;
/** Twice as many samples are averaged; a tone a multiple of 100 Hz away then counts for nothing. */
const SMOOTH_SAMPLES = SAMPLE_RATE / 100;
/** Flashes and beeps are rarer and shorter than a tenth of the time, and not much. */
const BRIGHT_SHARE = 0.95;
/** Darkness or silence before it makes an onset. */
const BEFORE_MS = 500;
/** Less is no flash, or no beep. */
const LEAST_CONTRAST = 30;
const LEAST_LEVEL = 0.01;

/** Decodes a recording of pictures and sound in one. @throws {Error} when the decoder reports anything wrong */
export function takeApart(file: Buffer, options: { readonly fps: number }): TakenApart {
  const packets = probePackets(file);
  const [video, audio] = [
    packets.filter(({ track }) => track === "video"),
    packets.filter(({ track }) => track === "audio"),
  ];
  const ticksPerPicture = median(video.map(({ duration }) => duration));
  const ticksPerSound = median(audio.map(({ duration }) => duration).filter((duration) => !Number.isNaN(duration)));
  const soundMs = (AAC_SAMPLES * 1_000) / PROGRAMME_SAMPLE_RATE;
  const cells = decodeCells(file);
  if (cells.length !== video.length) throw new Error(`${video.length} pictures, ${cells.length} of them decoded`);
  return {
    pictures: video.map(({ dts }, at) => ({
      atMs: ((dts / ticksPerPicture) * 1_000) / options.fps,
      cells: cells[at] as Uint8Array,
    })),
    samples: withHoles(decodeSound(file), audio, ticksPerSound),
    soundAtMs: ((audio[0]?.dts ?? Number.NaN) / ticksPerSound) * soundMs,
  };
}

/** When an area of the picture becomes bright, milliseconds: the beginnings of the pictures in which it is. */
export function flashOnsets({ pictures }: TakenApart, area: Area): number[] {
  const cells = cellsOf(area);
  const levels = pictures.map(
    (picture) => cells.reduce((sum, cell) => sum + (picture.cells[cell] ?? 0), 0) / cells.length,
  );
  const threshold = halfWay(levels, LEAST_CONTRAST);
  let darkSinceMs = Number.POSITIVE_INFINITY;
  return levels.flatMap((level, at) => {
    const { atMs } = pictures[at] as { readonly atMs: number };
    if (level < threshold) {
      darkSinceMs = Math.min(darkSinceMs, atMs);
      return [];
    }
    const isOnset = atMs - darkSinceMs >= BEFORE_MS;
    darkSinceMs = Number.POSITIVE_INFINITY;
    return isOnset ? [atMs] : [];
  });
}

/** When a tone begins, milliseconds: where it reaches half of its loudness. */
export function beepOnsets({ samples, soundAtMs }: TakenApart, hertz: number): number[] {
  const envelope = envelopeOf(samples, hertz);
  const threshold = halfWay(envelope, LEAST_LEVEL);
  const onsets: number[] = [];
  let silentSince = Number.POSITIVE_INFINITY;
  for (let at = 1; at < envelope.length; at += 1) {
    const [before, level] = [envelope[at - 1] ?? 0, envelope[at] ?? 0];
    if (level < threshold) {
      silentSince = Math.min(silentSince, at);
      continue;
    }
    const silentMs = ((at - silentSince) * 1_000) / SAMPLE_RATE;
    silentSince = Number.POSITIVE_INFINITY;
    if (silentMs < BEFORE_MS) continue;
    const share = (threshold - before) / Math.max(1e-9, level - before);
    onsets.push(soundAtMs + ((at - 1 + share) * 1_000) / SAMPLE_RATE);
  }
  return onsets;
}

/** A flash and the beep next to it: positive = the sound is late. */
export interface Pair {
  readonly atMs: number;
  readonly offsetMs: number;
}

/** Each flash with a beep no further than `mostMs` from it. */
export function pairUp(flashesMs: readonly number[], beepsMs: readonly number[], mostMs: number): Pair[] {
  return flashesMs.flatMap((atMs) => {
    const offsets = beepsMs.map((beepMs) => beepMs - atMs).filter((offset) => Math.abs(offset) <= mostMs);
    const nearest = offsets.sort((a, b) => Math.abs(a) - Math.abs(b))[0];
    return nearest === undefined ? [] : [{ atMs, offsetMs: nearest }];
  });
}

/** Sound at its own times: where packets are missing, the decoder leaves no place for them. */
function withHoles(decoded: Float32Array, packets: readonly Packet[], ticksPerPacket: number): Float32Array {
  const perPacket = (AAC_SAMPLES * SAMPLE_RATE) / PROGRAMME_SAMPLE_RATE;
  const first = packets[0]?.dts ?? 0;
  const placeOf = ({ dts }: Packet) => Math.round(((dts - first) / ticksPerPacket) * perPacket);
  const samples = new Float32Array(placeOf(packets.at(-1) ?? ({ dts: first } as Packet)) + Math.ceil(perPacket));
  for (const [at, packet] of packets.entries()) {
    samples.set(decoded.subarray(Math.round(at * perPacket), Math.round((at + 1) * perPacket)), placeOf(packet));
  }
  return samples;
}

function decodeCells(file: Buffer): Uint8Array[] {
  const { across, down } = CELLS;
  const run = spawnSync(
    "ffmpeg",
    [
      ...["-v", "error", "-i", "pipe:0", "-map", "0:v:0", "-fps_mode", "passthrough"],
      ...["-vf", `scale=${across}:${down}:flags=area,format=gray`, "-f", "rawvideo", "pipe:1"],
    ],
    { input: file, maxBuffer: 1 << 28 },
  );
  const errors = run.stderr.toString().trim();
  if (errors !== "") throw new Error(`ffmpeg: ${errors.slice(0, 500)}`);
  const size = across * down;
  return Array.from({ length: Math.floor(run.stdout.length / size) }, (_, at) =>
    run.stdout.subarray(at * size, (at + 1) * size),
  );
}

/** Cells whose middle lies in the looked-at part of an area. */
function cellsOf(area: Area): number[] {
  const { across, down } = CELLS;
  const isWithin = (share: number, from: number, length: number): boolean =>
    Math.abs(share - from - length / 2) <= (length * LOOKED_AT) / 2;
  return Array.from({ length: across * down }, (_, cell) => cell).filter(
    (cell) =>
      isWithin(((cell % across) + 0.5) / across, area.x, area.width) &&
      isWithin((Math.floor(cell / across) + 0.5) / down, area.y, area.height),
  );
}

/** Between what is usual and what is rare and high; out of reach where there is nothing rare. */
function halfWay(levels: Float32Array | readonly number[], least: number): number {
  const sorted = Float32Array.from(levels).sort();
  const low = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const high = sorted[Math.floor(sorted.length * BRIGHT_SHARE)] ?? 0;
  return high - low < least ? Number.POSITIVE_INFINITY : (low + high) / 2;
}

/** Loudness of a tone at each sample, without delay: mixed down to nothing, averaged twice. */
function envelopeOf(samples: Float32Array, hertz: number): Float32Array {
  const turn = (2 * Math.PI * hertz) / SAMPLE_RATE;
  const cosine = average(average(samples.map((sample, at) => sample * Math.cos(turn * at))));
  const sine = average(average(samples.map((sample, at) => sample * Math.sin(turn * at))));
  // Two averages of an even number of samples each: together they are late by a whole number.
  return cosine.map(
    (_, at) => 2 * Math.hypot(cosine[at + SMOOTH_SAMPLES - 1] ?? 0, sine[at + SMOOTH_SAMPLES - 1] ?? 0),
  );
}

function average(samples: Float32Array): Float32Array {
  let sum = 0;
  return samples.map((sample, at) => {
    sum += sample - (at >= SMOOTH_SAMPLES ? (samples[at - SMOOTH_SAMPLES] ?? 0) : 0);
    return sum / SMOOTH_SAMPLES;
  });
}
