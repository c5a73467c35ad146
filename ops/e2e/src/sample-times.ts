/**
 * When each sample of an fMP4 begins and how long it lasts, as its fragments say (ISO/IEC 14496-12, 8.8). ffprobe of
 * Debian 12 (5.1) gives each picture of a fragment the stream's usual duration, whatever the fragment says: by it a
 * longer picture looks like a hole behind a short one.
 */

/** In the track's own ticks. */
export interface SampleTime {
  readonly dts: number;
  readonly duration: number;
}

export type SampleTimes = Readonly<Record<"video" | "audio", readonly SampleTime[]>>;

interface Box {
  readonly type: string;
  readonly body: Buffer;
}

const TFHD_DEFAULT_DURATION = 0x08;
const TFHD_BEFORE_DURATION = [0x01, 0x02] as const;
const TRUN = { dataOffset: 0x01, firstFlags: 0x04, duration: 0x100, size: 0x200, flags: 0x400, offset: 0x800 } as const;

/** Reads every fragment of a file that begins with its initialization segment. Throws on what is cut off. */
export function readSampleTimes(file: Buffer): SampleTimes {
  const times = { video: [] as SampleTime[], audio: [] as SampleTime[] };
  const all = boxes(file);
  const of = (type: string) => all.filter((box) => box.type === type).map(({ body }) => body);
  const traks = of("moov").flatMap((body) => inside(body, "trak"));
  const tracks = new Map(traks.map((trak) => [trackId(trak), trackKind(trak)]));
  for (const traf of of("moof").flatMap((body) => inside(body, "traf"))) {
    const { id, samples } = readTrack(traf);
    const track = tracks.get(id);
    if (!track) throw new Error(`a fragment of track ${id}, which there is not`);
    times[track].push(...samples);
  }
  return times;
}

function boxes(bytes: Buffer): readonly Box[] {
  const found: Box[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    if (size < 8 || at + size > bytes.length) throw new Error(`a box of ${size} bytes at ${at} of ${bytes.length}`);
    found.push({ type: bytes.toString("latin1", at + 4, at + 8), body: bytes.subarray(at + 8, at + size) });
    at += size;
  }
  return found;
}

const inside = (body: Buffer, type: string): readonly Buffer[] =>
  boxes(body)
    .filter((box) => box.type === type)
    .map((box) => box.body);

function only(body: Buffer, type: string): Buffer {
  const [found, ...more] = inside(body, type);
  if (!found || more.length > 0) throw new Error(`${more.length + (found ? 1 : 0)} boxes of type ${type} in one`);
  return found;
}

/** 8.3.2: version 1 has times of 64 bits before the id. */
function trackId(trak: Buffer): number {
  const header = only(trak, "tkhd");
  return header.readUInt32BE(header[0] === 1 ? 20 : 12);
}

const trackKind = (trak: Buffer): "video" | "audio" =>
  only(only(trak, "mdia"), "hdlr").toString("latin1", 8, 12) === "vide" ? "video" : "audio";

/** 8.8.7, 8.8.8, 8.8.12. */
function readTrack(traf: Buffer): { readonly id: number; readonly samples: readonly SampleTime[] } {
  const header = only(traf, "tfhd");
  const start = only(traf, "tfdt");
  let dts = start[0] === 1 ? Number(start.readBigUInt64BE(4)) : start.readUInt32BE(4);
  const usual = defaultDuration(header);
  const samples: SampleTime[] = [];
  for (const run of inside(traf, "trun")) {
    for (const stated of runDurations(run)) {
      const duration = stated ?? usual;
      if (duration === undefined) throw new Error("a sample without a duration");
      samples.push({ dts, duration });
      dts += duration;
    }
  }
  return { id: header.readUInt32BE(4), samples };
}

function defaultDuration(tfhd: Buffer): number | undefined {
  const flags = tfhd.readUIntBE(1, 3);
  if (!(flags & TFHD_DEFAULT_DURATION)) return undefined;
  const [baseOffset, description] = TFHD_BEFORE_DURATION;
  return tfhd.readUInt32BE(8 + (flags & baseOffset ? 8 : 0) + (flags & description ? 4 : 0));
}

function runDurations(trun: Buffer): readonly (number | undefined)[] {
  const flags = trun.readUIntBE(1, 3);
  const words = (...of: readonly number[]) => of.filter((flag) => flags & flag).length * 4;
  const first = 8 + words(TRUN.dataOffset, TRUN.firstFlags);
  const each = words(TRUN.duration, TRUN.size, TRUN.flags, TRUN.offset);
  return Array.from({ length: trun.readUInt32BE(4) }, (_, at) =>
    flags & TRUN.duration ? trun.readUInt32BE(first + at * each) : undefined,
  );
}
