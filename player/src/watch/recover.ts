/** Decides how a broken or stuck playback is set going again. Pure; its owner acts. */

/** What happened or was seen. */
export type RecoverInput =
  | { readonly kind: "tick"; readonly nowMs: number; readonly positionMs: number; readonly wanted: boolean }
  | { readonly kind: "failed"; readonly nowMs: number; readonly cause: "network" | "media" | "other" }
  | { readonly kind: "online"; readonly nowMs: number };

/** What to do now. */
export type RecoverAction = "none" | "recover-media" | "recreate";

/** What is remembered between inputs. */
export type RecoverState = {
  readonly positionMs: number;
  readonly progressAtMs: number;
  readonly movingSinceMs: number;
  /** Re-creations since the last lasting progress. */
  readonly attempts: number;
  /** A fatal failure waits for its turn until then; 0 when there is none. */
  readonly recreateAtMs: number;
  readonly mediaErrorAtMs: number;
};

export const STUCK_MS = 4_000;
const STUCK_GROWTH = 1.5;
const MAX_STUCK_MS = 15_000;
/** A media error this soon after another one is not repaired in place again. */
const MEDIA_AGAIN_MS = 15_000;
const RECREATE_AFTER_MS = 400;
/** Picture moving for this long ends a series of attempts. */
const SETTLED_MS = 5_000;
/** A picture standing this long is not moving. */
const PAUSE_MS = 1_000;

/** A state without a past. */
export function startRecover(nowMs: number): RecoverState {
  return {
    positionMs: -1,
    progressAtMs: nowMs,
    movingSinceMs: nowMs,
    attempts: 0,
    recreateAtMs: 0,
    mediaErrorAtMs: Number.NEGATIVE_INFINITY,
  };
}

/** One step: the action to take now and the state after it. `jitter` is 0 to 1. */
export function recover(
  state: RecoverState,
  input: RecoverInput,
  jitter: number,
): { readonly action: RecoverAction; readonly state: RecoverState } {
  switch (input.kind) {
    case "online":
      return recreate(state, input.nowMs);
    case "failed":
      return failed(state, input, jitter);
    case "tick":
      return tick(state, input);
  }
}

function failed(state: RecoverState, input: { nowMs: number; cause: string }, jitter: number) {
  const { nowMs, cause } = input;
  if (cause === "media" && nowMs - state.mediaErrorAtMs > MEDIA_AGAIN_MS) {
    return { action: "recover-media", state: { ...state, mediaErrorAtMs: nowMs } } as const;
  }
  const waitMs = RECREATE_AFTER_MS * (1 + jitter) * Math.min(8, 1 + state.attempts);
  return { action: "none", state: { ...state, recreateAtMs: nowMs + waitMs } } as const;
}

function tick(state: RecoverState, input: { nowMs: number; positionMs: number; wanted: boolean }) {
  const { nowMs, positionMs, wanted } = input;
  if (!wanted)
    return {
      action: "none",
      state: { ...state, positionMs, progressAtMs: nowMs, movingSinceMs: nowMs, recreateAtMs: 0 },
    } as const;
  // A fatal failure has ended all loading: what still moves is the rest of the buffer.
  if (state.recreateAtMs > 0 && nowMs >= state.recreateAtMs) return recreate(state, nowMs);
  if (positionMs !== state.positionMs) {
    const movingSinceMs = state.positionMs < 0 ? nowMs : state.movingSinceMs;
    const attempts = nowMs - movingSinceMs > SETTLED_MS ? 0 : state.attempts;
    const next = { ...state, positionMs, movingSinceMs, attempts, progressAtMs: nowMs };
    return { action: "none", state: next } as const;
  }
  const patienceMs = Math.min(MAX_STUCK_MS, STUCK_MS * STUCK_GROWTH ** state.attempts);
  if (nowMs - state.progressAtMs > patienceMs) return recreate(state, nowMs);
  const movingSinceMs = nowMs - state.progressAtMs > PAUSE_MS ? nowMs : state.movingSinceMs;
  return { action: "none", state: { ...state, movingSinceMs } } as const;
}

function recreate(state: RecoverState, nowMs: number) {
  return {
    action: "recreate",
    state: {
      ...state,
      positionMs: -1,
      progressAtMs: nowMs,
      movingSinceMs: nowMs,
      attempts: state.attempts + 1,
      recreateAtMs: 0,
    },
  } as const;
}
