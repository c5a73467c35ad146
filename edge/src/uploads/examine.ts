/** Decides by its content what an upload is. The only importer of file-type. */
import { fileTypeFromBuffer } from "file-type";
import { cleanVoice } from "./clean-voice.ts";
import { cleanImage } from "./examine-image.ts";

/** Kinds of uploads, as the messages that carry them. */
export type UploadKind = "image" | "voice" | "file";

/** Bytes taken of each kind. */
export const MAX_UPLOAD_BYTES: Readonly<Record<UploadKind, number>> = {
  image: 8 * 1_024 * 1_024,
  voice: 1_024 * 1_024,
  file: 8 * 1_024 * 1_024,
};

/** An upload that may be kept. */
export interface Examined {
  readonly bytes: Buffer;
  readonly type: string;
  readonly width?: number;
  readonly height?: number;
}

const IMAGES = new Set(["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"]);
/** What recorders of browsers write, by what the content shows, and what ffmpeg calls it. */
const VOICES: ReadonlyMap<string, string> = new Map([
  ["video/webm", "matroska"],
  ["audio/webm", "matroska"],
  ["audio/ogg", "ogg"],
  ["audio/ogg; codecs=opus", "ogg"],
  ["audio/opus", "ogg"],
  ["audio/mp4", "mov"],
  ["audio/x-m4a", "mov"],
  ["video/mp4", "mov"],
  ["audio/mpeg", "mp3"],
]);
const FILES = new Set(["application/pdf", "application/zip"]);

/** Undefined for what is not of its kind, whatever its name or declared type say. */
export async function examine(kind: UploadKind, bytes: Buffer): Promise<Examined | undefined> {
  if (bytes.length === 0 || bytes.length > MAX_UPLOAD_BYTES[kind]) return undefined;
  const sniffed = (await fileTypeFromBuffer(bytes).catch(() => undefined))?.mime ?? "";
  switch (kind) {
    case "image":
      return IMAGES.has(sniffed) ? cleanImage(bytes) : undefined;
    case "voice":
      return cleanVoice(VOICES.get(sniffed), bytes);
    case "file":
      return keptAs(FILES.has(sniffed) ? sniffed : plainText(sniffed, bytes), bytes);
  }
}

const keptAs = (type: string | undefined, bytes: Buffer): Examined | undefined =>
  type === undefined ? undefined : { bytes, type };

const plainText = (sniffed: string, bytes: Buffer): string | undefined =>
  sniffed === "" && isText(bytes) ? "text/plain; charset=utf-8" : undefined;

/** UTF-8 without control characters. */
function isText(bytes: Buffer): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return !/[\p{Cc}--[\t\r\n]]/v.test(text);
  } catch {
    return false;
  }
}
