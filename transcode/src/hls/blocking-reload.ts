/** Blocking playlist reload and delta updates (rfc8216bis, section 6.2.5): what to do with a request. Pure. */
import type { OriginErrorCode } from "./errors.ts";

/** The delivery directives of a playlist request; `part` only with `msn`. */
export interface Directives {
  readonly msn: number | null;
  readonly part: number | null;
  readonly skip: boolean;
}

/** Where a playlist ends: its newest segment that has a part. */
export interface PlaylistHead {
  readonly msn: number;
  /** Parts of that segment; at least 1. */
  readonly parts: number;
  /** Whether the segment is finished. */
  readonly complete: boolean;
}

export type ReloadDecision =
  | { readonly kind: "ready" }
  | { readonly kind: "wait" }
  | { readonly kind: "bad"; readonly code: OriginErrorCode };

/** Spec: rfc8216bis 6.2.5.2 [S1]. Segments past the last one that may be asked for. */
export const MAX_SEGMENTS_AHEAD = 2;
const MAX_DIGITS = 15;
const READY: ReloadDecision = { kind: "ready" };
const WAIT: ReloadDecision = { kind: "wait" };

/** Spec: rfc8216bis 6.2.5.2 [S1]. Advance Part Limit. */
export const advancePartLimit = (partTargetSeconds: number): number =>
  partTargetSeconds < 1 ? Math.ceil(3 / partTargetSeconds - 1e-9) : 3;

/** Reads the directives of a query string (without "?"); unknown parameters are ignored, unless ill-formed values. */
export function readDirectives(query: string): Directives | { readonly code: OriginErrorCode } {
  if (query === "") return { msn: null, part: null, skip: false };
  const parameters = new URLSearchParams(query);
  for (const name of ["_HLS_msn", "_HLS_part", "_HLS_skip"]) {
    if (parameters.getAll(name).length > 1) return { code: "directive-repeated" };
  }
  const msn = integer(parameters.get("_HLS_msn"));
  const part = integer(parameters.get("_HLS_part"));
  if (msn === "invalid" || part === "invalid") return { code: "directive-invalid" };
  if (part !== null && msn === null) return { code: "part-without-msn" };
  const skip = parameters.get("_HLS_skip");
  if (skip !== null && skip !== "YES" && skip !== "v2") return { code: "skip-invalid" };
  return { msn, part, skip: skip !== null };
}

function integer(text: string | null): number | null | "invalid" {
  if (text === null) return null;
  return text.length <= MAX_DIGITS && /^[0-9]+$/.test(text) ? Number(text) : "invalid";
}

/** Decides on a request for a playlist without EXT-X-ENDLIST (with it, msn and part are ignored: 6.2.5.2 [M5]). */
export function decideReload(
  asked: { readonly msn: number | null; readonly part: number | null },
  head: PlaylistHead,
  partTargetSeconds: number,
): ReloadDecision {
  if (asked.msn === null) return READY;
  const lastComplete = head.complete ? head.msn : head.msn - 1;
  if (asked.msn > lastComplete + MAX_SEGMENTS_AHEAD) return { kind: "bad", code: "msn-too-far" };
  if (asked.part === null) return asked.msn <= lastComplete ? READY : WAIT;
  return decidePart({ msn: asked.msn, part: asked.part }, head, partTargetSeconds);
}

function decidePart(
  asked: { readonly msn: number; readonly part: number },
  head: PlaylistHead,
  partTargetSeconds: number,
): ReloadDecision {
  const inHead = asked.msn === head.msn;
  if (asked.msn < head.msn || (inHead && asked.part < head.parts)) return READY;
  // Past the end of a finished segment: part 0 of the next (6.2.5.2 [M3]), which is not there yet.
  if (inHead && head.complete) return WAIT;
  const lastPart = inHead ? head.parts - 1 : -1;
  if (asked.part - lastPart > advancePartLimit(partTargetSeconds)) return { kind: "bad", code: "part-too-far" };
  return WAIT;
}
