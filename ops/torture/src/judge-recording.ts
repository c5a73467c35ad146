/** What a recording of a program proves: its numbers, its times, and the clocks in its decoded pictures. */
import { spawnSync } from "node:child_process";
import { CLOCK_BITS, clockAgeMs } from "@lianmai/e2e/clock";
import { leftOut, median, type Packet, probePackets, type Recording, timeBreaks } from "@lianmai/e2e/record";

/** A decoded picture: its place in program time, and when it was drawn (null on the slate or when unreadable). */
export interface Picture {
  readonly programMs: number;
  readonly drawnAtMs: number | null;
}

export interface Judgement {
  readonly parts: number;
  readonly segments: number;
  readonly discontinuities: number;
  /** Requests that failed. */
  readonly failures: readonly string[];
  /** Parts listed as gaps. */
  readonly gaps: readonly string[];
  /** Media sequence numbers left out. */
  readonly missing: readonly number[];
  /** Pictures and access units that do not begin where the one before ended, or last longer than they should. */
  readonly breaks: readonly string[];
  /** Pictures that the program lacks; the one before lasts longer, which is a break too. */
  readonly leftOut: number;
  /** What the decoder complained of. */
  readonly decodeErrors: string;
  readonly pictures: readonly Picture[];
}

/** Longest a picture takes from being drawn to its place in the program. */
const MAX_AGE_MS = 20_000;
/** An encoder under load draws its pictures a little early or late. */
const TOLERANCE_MS = 60;

/** Judges a recording of a program of `fps` pictures a second. */
export function judge(recording: Recording, options: { readonly fps: number }): Judgement {
  const file = recording.bytes();
  const packets = probePackets(file);
  const { clocks, errors } = readClocks(file);
  return {
    ...judgeNumbers(recording),
    breaks: [...timeBreaks(packets, "video"), ...timeBreaks(packets, "audio")],
    leftOut: leftOut(packets, "video"),
    decodeErrors: errors,
    pictures: placePictures(clocks, packets, { startsAtMs: recording.startsAtMs, frameMs: 1_000 / options.fps }),
  };
}

/** Judges a recording of a program's sound alone. */
export function judgeSound(recording: Recording): Omit<Judgement, "leftOut" | "pictures"> {
  const packets = probePackets(recording.bytes());
  return {
    ...judgeNumbers(recording),
    breaks: packets.length === 0 ? ["no sound"] : timeBreaks(packets, "audio"),
    decodeErrors: "",
  };
}

function judgeNumbers(recording: Recording) {
  const first = recording.segments[0] ?? 0;
  const last = recording.segments.at(-1) ?? -1;
  const seen = new Set(recording.segments);
  return {
    parts: recording.parts.length,
    segments: recording.segments.length,
    discontinuities: recording.discontinuities,
    failures: recording.failures,
    gaps: recording.gaps,
    missing: Array.from({ length: last - first + 1 }, (_, k) => first + k).filter((msn) => !seen.has(msn)),
  };
}

/** What is wrong with a program that should have gone on without a seam; empty when nothing is. */
export function seams(judgement: Omit<Judgement, "leftOut" | "pictures">): readonly string[] {
  const { discontinuities, failures, gaps, missing, breaks, decodeErrors } = judgement;
  return [
    ...(discontinuities > 0 ? [`${discontinuities} discontinuities`] : []),
    ...failures,
    ...gaps.map((part) => `${part} is a gap`),
    ...missing.map((msn) => `media sequence number ${msn} is missing`),
    ...breaks,
    ...(decodeErrors === "" ? [] : [`decoder: ${decodeErrors.slice(0, 300)}`]),
  ];
}

/** The first picture of the program that was drawn after `drawnMs`. */
export const firstDrawnAfter = (judgement: Judgement, drawnMs: number): Picture | undefined =>
  judgement.pictures.find((picture) => (picture.drawnAtMs ?? 0) >= drawnMs);

type Bits = readonly boolean[];

/** Decodes every picture down to its clock. */
function readClocks(file: Buffer): { readonly clocks: readonly Bits[]; readonly errors: string } {
  const strip = `crop=iw:ih/24:0:ih/48,scale=${CLOCK_BITS}:1:flags=area,format=gray`;
  const run = spawnSync(
    "ffmpeg",
    [
      ...["-v", "error", "-i", "pipe:0", "-map", "0:v:0", "-fps_mode", "passthrough", "-vf", strip],
      ...["-f", "rawvideo", "pipe:1"],
    ],
    { input: file, maxBuffer: 1 << 28 },
  );
  const clocks: Bits[] = [];
  for (let at = 0; at + CLOCK_BITS <= run.stdout.length; at += CLOCK_BITS) {
    clocks.push(Array.from(run.stdout.subarray(at, at + CLOCK_BITS), (value) => value > 128));
  }
  return { clocks, errors: run.stderr.toString().trim() };
}

/** A clock is believed when that of the next or last picture goes with it as their places in the program do. */
function placePictures(
  clocks: readonly Bits[],
  packets: readonly Packet[],
  time: { readonly startsAtMs: number; readonly frameMs: number },
): readonly Picture[] {
  const video = packets.filter(({ track }) => track === "video");
  const first = video[0]?.dts ?? 0;
  const usual = median(video.map(({ duration }) => duration));
  const programMs = clocks.map(
    (_, at) => time.startsAtMs + (((video[at]?.dts ?? first) - first) / usual) * time.frameMs,
  );
  const ages = clocks.map((bits, at) => clockAgeMs(bits, programMs[at] ?? Number.NaN));
  const agree = (a: number, b: number) => Math.abs((ages[a] ?? Number.NaN) - (ages[b] ?? Number.NaN)) < TOLERANCE_MS;
  return ages.map((ageMs, at) => {
    const readable = ageMs > 0 && ageMs < MAX_AGE_MS && (agree(at, at + 1) || agree(at - 1, at));
    const placeMs = programMs[at] ?? Number.NaN;
    return { programMs: placeMs, drawnAtMs: readable ? placeMs - ageMs : null };
  });
}
