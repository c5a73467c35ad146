/** The people of a stage sorted for those who direct it. Pure. */
import type { StageView } from "@lianmai/ingest/signalling";
import type { Participant } from "./stage-state.ts";

/** One seat with whoever sits in it. */
export interface Seat {
  readonly number: number;
  readonly locked: boolean;
  readonly guest: Participant | undefined;
}

export interface SeatPlan {
  readonly host: Participant | undefined;
  readonly seats: readonly Seat[];
  /** Longest waiting first. */
  readonly backstage: readonly Participant[];
  readonly asking: readonly Participant[];
  readonly invited: readonly Participant[];
}

export function seatPlan(stage: StageView): SeatPlan {
  const at = (place: Participant["place"]["at"]) =>
    stage.participants.filter((one) => one.place.at === place).toSorted((a, b) => a.sinceMs - b.sinceMs);
  const seated = at("seated");
  const inSeat = (number: number) => seated.find(({ place }) => place.at === "seated" && place.seat === number);
  return {
    host: inSeat(0),
    seats: Array.from({ length: stage.capacity }, (_, index) => ({
      number: index + 1,
      locked: stage.locked.includes(index + 1),
      guest: inSeat(index + 1),
    })),
    backstage: at("backstage"),
    asking: at("asking"),
    invited: at("invited"),
  };
}

/** Whether another guest can be put on air. */
export const hasFreeSeat = ({ seats }: SeatPlan): boolean => seats.some(({ guest, locked }) => !guest && !locked);
