/** Who is in the picture, as the page knows it: the stage as transcode sees it, without its sources. Pure. */
import { ENCODER_ID, type LayoutParticipant } from "@lianmai/edge/protocol/layout";
import type { StageView } from "@lianmai/ingest/signalling";
import { type Participant, seatedOf } from "./stage-state.ts";

/** Those on air by seat; `encoderOf`: the name of the host whose encoder feeds the room, null when none does. */
export function layoutPeople(stage: StageView | undefined, encoderOf: string | null): LayoutParticipant[] {
  const seated = seatedOf(stage);
  const isFed = encoderOf !== null;
  const people = seated.filter(({ hidden }) => !hidden).map((one) => layoutPerson(one, isFed && one.role === "host"));
  if (!isFed || seated.some(({ role }) => role === "host")) return people;
  return [{ id: ENCODER_ID, name: encoderOf, hasCamera: true, hasScreen: false, isMuted: false }, ...people];
}

function layoutPerson({ participantId, name, own, muted, connection }: Participant, fed: boolean): LayoutParticipant {
  const here = connection === "connected";
  return {
    ...{ id: participantId, name },
    hasCamera: fed || (here && own.camera),
    hasScreen: here && own.screen,
    isMuted: muted || !(fed || own.microphone),
  };
}
