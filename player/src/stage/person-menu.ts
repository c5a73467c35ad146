/** What a director can do with somebody on the stage, as lines of a menu. Pure. */
import type { DirectorCommand } from "@lianmai/ingest/stage";
import type { TextKey, TextValues } from "../text/text.svelte.ts";
import type { SeatPlan } from "./seat-plan.ts";
import type { Participant } from "./stage-state.ts";

export interface PersonAct {
  readonly key: string;
  readonly text: TextKey;
  readonly values?: TextValues;
  readonly command: DirectorCommand;
}

export function personActs(person: Participant, plan: SeatPlan): PersonAct[] {
  const { participantId, place, muted, hidden } = person;
  const mute: PersonAct = {
    key: "mute",
    text: muted ? "people.unmute" : "people.mute",
    command: { kind: "mute", participantId, muted: !muted },
  };
  const hide: PersonAct = {
    key: "hide",
    text: hidden ? "people.show" : "people.hide",
    command: { kind: "hide", participantId, hidden: !hidden },
  };
  if (person.role === "host") return [mute, hide];
  const mine = place.at === "seated" ? place.seat : 0;
  const seats = plan.seats
    .filter(({ number, locked, guest }) => number !== mine && !locked && (mine > 0 || !guest))
    .map(
      ({ number, guest }): PersonAct => ({
        key: `seat-${number}`,
        text: guest ? "people.swapWith" : "people.toSeat",
        values: { number, name: guest?.name ?? "" },
        command: { kind: "to-seat", participantId, seat: number },
      }),
    );
  const backstage: PersonAct = {
    key: "backstage",
    text: "people.toBackstage",
    command: { kind: "to-backstage", participantId },
  };
  const off: PersonAct[] = [
    { key: "remove", text: "people.remove", command: { kind: "remove", participantId, ban: false } },
    { key: "ban", text: "people.ban", command: { kind: "remove", participantId, ban: true } },
  ];
  if (place.at === "invited") return off.slice(0, 1);
  return [
    ...(place.at === "seated" ? [mute, hide] : []),
    ...(place.at === "backstage" ? [] : [backstage]),
    ...seats,
    ...off,
  ];
}
