/** A program's life as a pure state machine; the session acts on what it answers. */

export type EndReason = "grace-over" | "ended-by-command" | "no-picture" | "lease-lost" | "shutdown";

export type ProgramState =
  /** Waiting for the first picture of the first source. */
  | { readonly at: "starting"; readonly sinceMs: number }
  | { readonly at: "live"; readonly sinceMs: number }
  /** On the slate; ends at `untilMs` unless a picture comes back. */
  | { readonly at: "interrupted"; readonly sinceMs: number; readonly untilMs: number }
  | { readonly at: "ended"; readonly sinceMs: number; readonly why: EndReason };

export type ProgramEvent =
  | { readonly kind: "on-air"; readonly atMs: number }
  | { readonly kind: "source-lost"; readonly atMs: number; readonly graceMs: number }
  | { readonly kind: "time-passed"; readonly atMs: number }
  | { readonly kind: "end"; readonly atMs: number; readonly why: EndReason };

/** The state after an event; the same object when nothing changes. */
export function step(state: ProgramState, event: ProgramEvent): ProgramState {
  if (state.at === "ended") return state;
  switch (event.kind) {
    case "on-air":
      return state.at === "live" ? state : { at: "live", sinceMs: event.atMs };
    case "source-lost":
      return state.at === "live"
        ? { at: "interrupted", sinceMs: event.atMs, untilMs: event.atMs + event.graceMs }
        : state;
    case "time-passed":
      return state.at === "interrupted" && event.atMs >= state.untilMs
        ? { at: "ended", sinceMs: event.atMs, why: "grace-over" }
        : state;
    case "end":
      return { at: "ended", sinceMs: event.atMs, why: event.why };
  }
}
