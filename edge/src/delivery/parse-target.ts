/** Reads the target of a delivery request: `/live/<room>/...` with blocking-reload directives. Pure and cheap. */
import { mediaPlaylistPath, type ProgramRecord } from "@lianmai/transcode/contract";

/** Longest request target taken. */
export const MAX_TARGET_LENGTH = 2_048;
const MAX_VIEWER_ID_LENGTH = 64;

/** What a target asks for. `path` and `directives` make up the cache key; the viewer is never part of it. */
export interface LiveTarget {
  readonly room: string;
  readonly path: string;
  /** `_HLS_msn`, `_HLS_part`, `_HLS_skip` in this order, joined by `&`; empty when there are none. */
  readonly directives: string;
  /** The `v` parameter: who watches, as the player says. Empty when absent or unfit. */
  readonly viewer: string;
  /** Decides what is counted, shed, compressed and aborted. */
  readonly kind: "multivariant" | "media-playlist" | "media";
}

/** Why a target is refused; a code of the catalogue. */
export type TargetRefusal = "url-too-long" | "bad-path" | "bad-query" | "not-found";

const PREFIX = "/live/";
const CODE = {
  dash: 45,
  dot: 46,
  slash: 47,
  zero: 48,
  nine: 57,
  upperA: 65,
  upperZ: 90,
  underscore: 95,
  a: 97,
  z: 122,
};

/** Parses a request target that starts with `/live/`. */
export function parseTarget(target: string): LiveTarget | TargetRefusal {
  if (target.length > MAX_TARGET_LENGTH) return "url-too-long";
  const queryAt = target.indexOf("?");
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  const roomEnd = path.indexOf("/", PREFIX.length);
  if (!isPlain(path)) return "bad-path";
  if (roomEnd <= PREFIX.length || roomEnd === path.length - 1) return "not-found";
  const query = readQuery(target, queryAt < 0 ? target.length : queryAt + 1);
  if (!query) return "bad-query";
  const kind = !path.endsWith(".m3u8")
    ? "media"
    : path.endsWith("/index.m3u8") && path.length === roomEnd + 11
      ? "multivariant"
      : "media-playlist";
  // only media playlists know directives (rfc8216bis 6.2.5); elsewhere they would only multiply keys
  const directives = kind === "media-playlist" ? query.directives : "";
  return { room: path.slice(PREFIX.length, roomEnd), path, directives, viewer: query.viewer, kind };
}

/** Whether a target names the playlist of a rendition of the program, or the one that lists them all. */
export function namesPlaylistOf(
  { kind, path }: LiveTarget,
  program: Pick<ProgramRecord, "room" | "programId"> & { readonly rungs: readonly { readonly name: string }[] },
): boolean {
  if (kind !== "media-playlist") return kind === "multivariant";
  return program.rungs.some(({ name }) => path === mediaPlaylistPath(program, name));
}

/** Letters, digits, `-_./` only, and no segment that starts with a dot or is empty. */
function isPlain(path: string): boolean {
  let before = 0;
  for (let at = 0; at < path.length; at += 1) {
    const code = path.charCodeAt(at);
    if (before === CODE.slash && (code === CODE.dot || code === CODE.slash)) return false;
    if (!isWordCode(code) && code !== CODE.dot && code !== CODE.slash) return false;
    before = code;
  }
  return true;
}

const isWordCode = (code: number): boolean =>
  (code >= CODE.a && code <= CODE.z) ||
  (code >= CODE.zero && code <= CODE.nine) ||
  (code >= CODE.upperA && code <= CODE.upperZ) ||
  code === CODE.dash ||
  code === CODE.underscore;

interface Query {
  readonly directives: string;
  readonly viewer: string;
}

/**
 * Delivery directives of rfc8216bis 6.2.5, with the only forms that mean anything; unknown `_HLS_` names are
 * dropped like all other parameters. Strict forms also bound how many keys one playlist can have.
 */
const DIRECTIVES = {
  _HLS_msn: /^(?:0|[1-9]\d{0,14})$/,
  _HLS_part: /^(?:0|[1-9]\d{0,8})$/,
  _HLS_skip: /^(?:YES|v2)$/,
} as const;
type DirectiveName = keyof typeof DIRECTIVES;
const NAMES = Object.keys(DIRECTIVES) as DirectiveName[];

/** Reads the directives and `v`; undefined when a directive is malformed or given twice. */
function readQuery(target: string, start: number): Query | undefined {
  let viewer = "";
  const values: Partial<Record<DirectiveName, string>> = {};
  let end = 0;
  for (let at = start; at < target.length; at = end + 1) {
    end = target.indexOf("&", at);
    if (end < 0) end = target.length;
    if (target.startsWith("v=", at)) viewer ||= viewerFrom(target, at + 2, end);
    else if (!takeDirective(target.slice(at, end), values)) return undefined;
  }
  return { directives: joined(values), viewer };
}

const joined = (values: Partial<Record<DirectiveName, string>>): string =>
  NAMES.filter((name) => values[name] !== undefined)
    .map((name) => `${name}=${values[name]}`)
    .join("&");

/** Notes one directive; false when it is malformed or repeated. */
function takeDirective(text: string, values: Partial<Record<DirectiveName, string>>): boolean {
  if (!text.startsWith("_HLS_")) return true;
  const equals = text.indexOf("=");
  const name = NAMES.find((known) => known === (equals < 0 ? text : text.slice(0, equals)));
  if (!name) return true;
  const value = equals < 0 ? "" : text.slice(equals + 1);
  if (values[name] !== undefined || !DIRECTIVES[name].test(value)) return false;
  values[name] = value;
  return true;
}

function viewerFrom(target: string, start: number, end: number): string {
  if (end - start > MAX_VIEWER_ID_LENGTH) return "";
  for (let at = start; at < end; at += 1) if (!isWordCode(target.charCodeAt(at))) return "";
  return target.slice(start, end);
}
