/** Where one supervised child is in its life. */
export type ChildState =
  | { readonly at: "idle" }
  | { readonly at: "starting"; readonly sinceMs: number }
  | { readonly at: "ready"; readonly sinceMs: number }
  | { readonly at: "waiting" }
  | { readonly at: "stopping" }
  | { readonly at: "stopped" };

/** What can happen to a child; times are monotonic milliseconds. */
export type ChildEvent =
  | { readonly kind: "spawned"; readonly atMs: number }
  | { readonly kind: "ready"; readonly atMs: number }
  | { readonly kind: "exited" }
  | { readonly kind: "stop" };

/** A child that has served this long has proved itself: its next restart is a fast one again. */
export const HEALTHY_AFTER_MS = 30_000;

/** The next state. An event that means nothing in a state leaves it as it is. */
export function step(state: ChildState, event: ChildEvent): ChildState {
  switch (event.kind) {
    case "spawned":
      return isBetweenRuns(state) ? { at: "starting", sinceMs: event.atMs } : state;
    case "ready":
      return state.at === "starting" ? { at: "ready", sinceMs: event.atMs } : state;
    case "exited":
      return afterExit(state);
    case "stop":
      return isRunning(state) ? { at: "stopping" } : { at: "stopped" };
  }
}

function afterExit(state: ChildState): ChildState {
  if (state.at === "stopping") return { at: "stopped" };
  return isRunning(state) ? { at: "waiting" } : state;
}

const isBetweenRuns = (state: ChildState) => state.at === "idle" || state.at === "waiting";
const isRunning = (state: ChildState) => state.at === "starting" || state.at === "ready" || state.at === "stopping";

/** Whether a child that ends in this state was healthy, so that its back-off starts over. */
export function wasHealthy(state: ChildState, nowMs: number): boolean {
  return state.at === "ready" && nowMs - state.sinceMs >= HEALTHY_AFTER_MS;
}
