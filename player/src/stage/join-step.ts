/** Which of the guest page's faces is shown. Pure. */
import { meOf, type StageState } from "./stage-state.ts";

export type JoinStep = "opening" | "check" | "asking" | "invited" | "backstage" | "on-air" | "over";

export function joinStep(state: StageState): JoinStep {
  if (state.link.at === "ended") return "over";
  if (!state.stage) return "opening";
  const place = meOf(state)?.place;
  if (!place) return "check";
  return place.at === "seated" ? "on-air" : place.at;
}
