/** Why a camera, a microphone or a screen cannot be had, in words the pages have texts for. Pure. */

/** Texts are at `device.problem.<problem>`. */
export const MEDIA_PROBLEMS = [
  "insecure",
  "denied",
  "denied-by-system",
  "none-found",
  "in-use",
  "not-as-wanted",
  "unplugged",
  "unsupported",
  "failed",
] as const;
export type MediaProblem = (typeof MEDIA_PROBLEMS)[number];

const BY_NAME: Readonly<Record<string, MediaProblem>> = {
  NotAllowedError: "denied",
  PermissionDeniedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none-found",
  DevicesNotFoundError: "none-found",
  NotReadableError: "in-use",
  TrackStartError: "in-use",
  AbortError: "in-use",
  OverconstrainedError: "not-as-wanted",
  ConstraintNotSatisfiedError: "not-as-wanted",
  NotSupportedError: "unsupported",
};

/** Names what `getUserMedia` or `getDisplayMedia` threw. */
export function mediaProblem(error: unknown, secure: boolean): MediaProblem {
  if (!secure) return "insecure";
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  const message = error instanceof Error ? error.message : "";
  if (BY_NAME[name] === "denied" && /by system/i.test(message)) return "denied-by-system";
  return BY_NAME[name] ?? (name === "TypeError" ? "unsupported" : "failed");
}
