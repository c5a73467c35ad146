/**
 * What a power cut leaves of SQLite's write-ahead logs. Formats: sqlite.org/fileformat2.html 4.1, sqlite.org/walformat.html
 * 2.1.
 */
import { open, readdir, rm, truncate } from "node:fs/promises";
import { join } from "node:path";

const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** In the header of the index: number of the last frame whose commit is on disk. */
const MX_FRAME_AT = 16;
const PAGE_SIZE_AT = 8;
/** Largest part of a frame that got to the disk before the power went. */
const MAX_TORN_BYTES = 2_000;

/**
 * Cuts the write-ahead log of each database in `directory` to its last fsynced commit and leaves a torn frame behind
 * it. Only for databases whose processes are dead. The index (`-shm`) says where: it learns of a commit after the log
 * was fsynced, and only memory holds it, so it is gone as well. Answers the bytes that were cut off.
 */
export async function cutWals(directory: string, random: () => number): Promise<number> {
  let cut = 0;
  for (const name of await readdir(directory)) {
    if (name.endsWith(".sqlite-wal")) cut += await cutWal(join(directory, name), random);
  }
  return cut;
}

async function cutWal(path: string, random: () => number): Promise<number> {
  const indexPath = path.replace(/-wal$/, "-shm");
  const end = await syncedEnd(path, indexPath);
  await rm(indexPath, { force: true });
  if (end === undefined) return 0;
  const file = await open(path, "r+");
  try {
    const { size } = await file.stat();
    const torn = Buffer.from(Array.from({ length: Math.floor(random() * MAX_TORN_BYTES) }, () => random() * 256));
    await truncate(path, Math.min(size, end));
    await file.write(torn, 0, torn.length, Math.min(size, end));
    return Math.max(0, size - end);
  } finally {
    await file.close();
  }
}

/** Where the last fsynced commit ends; undefined when the log is empty or not begun. */
async function syncedEnd(path: string, indexPath: string): Promise<number | undefined> {
  const index = await firstBytes(indexPath, 48);
  const header = await firstBytes(path, WAL_HEADER_BYTES);
  if (!index || !header) return undefined;
  const frames = index.readUInt32LE(MX_FRAME_AT);
  return WAL_HEADER_BYTES + frames * (FRAME_HEADER_BYTES + header.readUInt32BE(PAGE_SIZE_AT));
}

async function firstBytes(path: string, count: number): Promise<Buffer | undefined> {
  const file = await open(path, "r").catch(() => undefined);
  if (!file) return undefined;
  const bytes = Buffer.alloc(count);
  const { bytesRead } = await file.read(bytes, 0, count, 0);
  await file.close();
  return bytesRead === count ? bytes : undefined;
}
