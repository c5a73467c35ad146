/** The origin's URLs. Pure. */

/** What a path under /live/ names. Names are not decoded: the ones we give out need no escapes. */
export type Target =
  | { readonly kind: "multivariant"; readonly room: string }
  | { readonly kind: "thumbnail"; readonly room: string }
  | (RenditionTarget & { readonly kind: "playlist" })
  | (RenditionTarget & { readonly kind: "init"; readonly epoch: number; readonly number: number })
  | (RenditionTarget & { readonly kind: "part"; readonly epoch: number; readonly number: number })
  | (RenditionTarget & { readonly kind: "segment"; readonly epoch: number; readonly number: number });

interface RenditionTarget {
  readonly room: string;
  readonly programId: string;
  readonly rung: string;
}

/** All of the origin's paths begin so. */
export const LIVE_PREFIX = "/live/";

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** Numbers in one spelling only, so that each resource has one URL. */
const MEDIA = /^([ips])(0|[1-9][0-9]{0,11})(?:-(0|[1-9][0-9]{0,14}))?\.(mp4|m4s)$/;

/** Null when the path names nothing of ours. */
export function readPath(path: string): Target | null {
  if (!path.startsWith(LIVE_PREFIX)) return null;
  const [room, second, rung, file, ...more] = path.slice(LIVE_PREFIX.length).split("/");
  if (!room || !second || !NAME.test(room) || more.length > 0) return null;
  if (rung === undefined) {
    if (second === "index.m3u8") return { kind: "multivariant", room };
    return second === "thumbnail.jpg" ? { kind: "thumbnail", room } : null;
  }
  if (!file || !NAME.test(second) || !NAME.test(rung)) return null;
  return readFile({ room, programId: second, rung }, file);
}

function readFile(rendition: RenditionTarget, file: string): Target | null {
  if (file === "media.m3u8") return { kind: "playlist", ...rendition };
  const [, letter, epochText, numberText, extension] = MEDIA.exec(file) ?? [];
  if (!letter || !epochText) return null;
  const epoch = Number(epochText);
  if (letter === "i") {
    return extension === "mp4" ? { kind: "init", ...rendition, epoch, number: Number(numberText ?? 0) } : null;
  }
  if (extension !== "m4s" || numberText === undefined) return null;
  return { kind: letter === "p" ? "part" : "segment", ...rendition, epoch, number: Number(numberText) };
}
