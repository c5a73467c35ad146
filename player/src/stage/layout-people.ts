/** Who is in the picture, as the page knows it: the stage as transcode sees it, without its sources. Pure. */
import type { LayoutParticipant } from "@lianmai/edge/protocol/layout";
import type { StageView } from "@lianmai/ingest/signalling";
import { type Participant, seatedOf } from "./stage-state.ts";

/** Those on air by seat; `encoder`: an encoder feeds the room, and its picture is the host's. */
export function layoutPeople(stage: StageView | undefined, encoder: boolean): LayoutParticipant[] {
  return seatedOf(stage)
    .filter(({ hidden }) => !hidden)
    .map((one) => layoutPerson(one, encoder && one.role === "host"));
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
