/** Uploads that lie: about their type, size or owner; cut short, damaged, and small files that unfold to huge ones. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { below, bytesFrom, pick, type Random } from "@lianmai/process/testing/seeded-random";

const MIB = 1_048_576;

/** Honest files, to be spoiled. */
export type Samples = Readonly<Record<"jpg" | "png" | "webp" | "gif" | "ogg" | "mp3" | "mp4" | Bomb, Buffer>>;
/** Made by hand: a picture within the bound of pixels, data behind a small one, and compressed notes beside it. */
type Bomb = "wide" | "tail" | "note" | "profile";

const PICTURE = ["-f", "lavfi", "-i", "testsrc=size=320x240:rate=5:duration=1"];
const SOUND = ["-f", "lavfi", "-i", "sine=frequency=440:duration=2"];
const RECIPES: Readonly<Record<Exclude<keyof Samples, Bomb>, readonly string[]>> = {
  jpg: [...PICTURE, "-frames:v", "1"],
  png: [...PICTURE, "-frames:v", "1"],
  webp: [...PICTURE, "-frames:v", "1"],
  gif: PICTURE,
  ogg: [...SOUND, "-c:a", "libopus"],
  mp3: SOUND,
  mp4: [...SOUND, "-c:a", "aac"],
};

/** Makes the samples with ffmpeg. */
export async function makeSamples(): Promise<Samples> {
  const directory = await mkdtemp(join(tmpdir(), "lianmai-samples-"));
  try {
    const made = await Promise.all(
      Object.entries(RECIPES).map(async ([name, recipe]) => {
        const path = join(directory, `sample.${name}`);
        const [code] = await once(spawn("ffmpeg", ["-nostdin", "-loglevel", "error", ...recipe, path]), "close");
        if (code !== 0) throw new Error(`ffmpeg could not make ${name}`);
        return [name, await readFile(path)] as const;
      }),
    );
    return { ...(Object.fromEntries(made) as Omit<Samples, Bomb>), ...makeBombs() };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A grey PNG whose header says a size, with as much data as given and other chunks before it. */
export function png(width: number, height: number, rows: Buffer, ...chunks: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    ...chunks,
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, "latin1"), content]);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(content.length, 0);
  around.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([around.subarray(0, 4), named, around.subarray(4)]);
}

/** A GIF whose header and frame say a size that nothing follows. */
function emptyGif(width: number, height: number): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt16LE(width, 0);
  size.writeUInt16LE(height, 2);
  const frame = [0x2c, 0, 0, 0, 0, ...size, 0, 2, 2, 0x44, 1, 0, 0x3b];
  return Buffer.concat([Buffer.from("GIF89a"), size, Buffer.from([0x80, 0, 0, 0, 0, 0, 255, 255, 255, ...frame])]);
}

function makeBombs(): Pick<Samples, Bomb> {
  const unfolding = deflateSync(Buffer.alloc(64 * MIB));
  const small = (name: string, start: string) =>
    png(64, 64, Buffer.alloc(65 * 64), chunk(name, Buffer.concat([Buffer.from(start, "latin1"), unfolding])));
  return {
    // within the bound of pixels: all of it has to be unfolded
    wide: png(6_300, 6_300, Buffer.alloc(6_301 * 6_300)),
    tail: png(10, 10, Buffer.alloc(64 * MIB)),
    note: small("zTXt", "Comment\0\0"),
    profile: small("iCCP", "icc\0\0"),
  };
}

/** What is brought, how, and the answers that fit. */
export interface BadUpload {
  readonly kind: string;
  readonly bytes: Buffer;
  /** What the request says, when it is not the usual. */
  readonly type?: string;
  readonly room?: string;
  readonly session?: string;
  /** Answers that fit: `http STATUS CODE`. */
  readonly fits: readonly string[];
}
type Maker = (random: Random, samples: Samples) => BadUpload;

const UNFIT = ["http 422 upload-unfit"];
/** What can still be read is written anew, so it is harmless. */
const UNFIT_OR_CLEAN = [...UNFIT, "http 201 -", "http 429 quota-reached"];
const PICTURES = ["jpg", "png", "webp", "gif"] as const;
const SOUNDS = ["ogg", "mp3", "mp4"] as const;

function damaged(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let n = 0; n < 40; n += 1) copy[32 + below(random, copy.length - 32)] = below(random, 256);
  return copy;
}
const cut = (random: Random, bytes: Buffer): Buffer =>
  bytes.subarray(0, 1 + below(random, Math.floor(bytes.length / 2)));

const MAKERS: readonly Maker[] = [
  (random) => ({ kind: "image", bytes: bytesFrom(random, 1 + below(random, 4_000)), fits: UNFIT }),
  (random, all) => ({ kind: "image", bytes: cut(random, all[pick(random, PICTURES)]), fits: UNFIT_OR_CLEAN }),
  (random, all) => ({ kind: "image", bytes: damaged(random, all[pick(random, PICTURES)]), fits: UNFIT_OR_CLEAN }),
  (random, all) => ({
    kind: "image",
    bytes: Buffer.concat([all.png.subarray(0, 33), bytesFrom(random, 500)]),
    fits: UNFIT,
  }),
  (random, all) => ({ kind: "image", bytes: all[pick(random, SOUNDS)], fits: UNFIT }),
  () => ({
    kind: "image",
    bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>0</script></svg>'),
    fits: UNFIT,
  }),
  (random) => ({ kind: "image", bytes: png(20_000 + below(random, 1e6), 20_000, Buffer.alloc(99)), fits: UNFIT }),
  (random) => ({ kind: "image", bytes: emptyGif(65_535, 60_000 + below(random, 5_535)), fits: UNFIT }),
  (random, all) => ({
    kind: "image",
    bytes: all[pick(random, ["tail", "note", "profile"] as const)],
    fits: UNFIT_OR_CLEAN,
  }),
  (random) => ({
    kind: pick(random, ["image", "voice"]),
    bytes: Buffer.alloc(8 * MIB + 1 + below(random, MIB), 1),
    fits: ["http 413 body-too-large"],
  }),
  (random, all) => ({
    kind: "image",
    bytes: all.jpg,
    type: pick(random, ["image/jpeg", "text/plain", "multipart/form-data; boundary=x"]),
    fits: ["http 415 unsupported-media-type"],
  }),
  (_random, all) => ({ kind: "image", bytes: all.jpg, type: "application/json", fits: ["http 400 bad-request"] }),
  (random, all) => ({
    kind: pick(random, ["exe", "", "__proto__", "image%00"]),
    bytes: all.jpg,
    fits: ["http 400 invalid-request"],
  }),
  (random, all) => ({
    kind: "image",
    bytes: all.jpg,
    room: `no-${below(random, 1e9)}`,
    fits: ["http 404 room-not-found"],
  }),
  (random, all) => ({
    kind: "image",
    bytes: all.jpg,
    session: bytesFrom(random, 32).toString("base64url"),
    fits: ["http 401 not-signed-in"],
  }),
  (_random, all) => ({ kind: "image", bytes: all.jpg, session: "", fits: ["http 401 not-signed-in"] }),
  (_random) => ({ kind: "image", bytes: Buffer.alloc(8 * MIB, 1), session: "", fits: ["http 401 not-signed-in"] }),
  (random, all) => ({
    kind: "file",
    bytes: pick(random, Object.values(all)),
    fits: ["http 403 upload-refused", "http 413 body-too-large"],
  }),
  (random, all) => ({ kind: "voice", bytes: all[pick(random, PICTURES)], fits: UNFIT }),
  (_random, all) => ({ kind: "voice", bytes: Buffer.concat([all.mp3, Buffer.alloc(2 * MIB)]), fits: UNFIT }),
  () => ({ kind: "voice", bytes: Buffer.from("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"), fits: UNFIT }),
  () => ({ kind: "image", bytes: Buffer.alloc(0), fits: [...UNFIT, "http 415 unsupported-media-type"] }),
];

/** Those that keep a decoder busy; few of many. */
const COSTLY: readonly Maker[] = [
  (_random, all) => ({ kind: "image", bytes: all.wide, fits: UNFIT_OR_CLEAN }),
  (random, all) => ({ kind: "voice", bytes: cut(random, all[pick(random, SOUNDS)]), fits: UNFIT_OR_CLEAN }),
  (random, all) => ({ kind: "voice", bytes: damaged(random, all[pick(random, SOUNDS)]), fits: UNFIT_OR_CLEAN }),
];

/** One upload that is refused, or cleaned. */
export const badUpload = (random: Random, samples: Samples): BadUpload =>
  pick(random, random() < 0.07 ? COSTLY : MAKERS)(random, samples);
