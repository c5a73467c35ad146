/** From a room's publication, its stage and the chosen layout to what the mixer connects to and shows. Pure. */
import type { Publication } from "@lianmai/ingest/contract";
import type { Stage, StageParticipant } from "@lianmai/ingest/stage";
import { ENCODER_ID } from "../layout/document.ts";
import type { LayoutParticipant } from "../layout/plan-layout.ts";
import type { Casting } from "../mixer/picture/director.ts";
import type { SourceSpec } from "../mixer/protocol.ts";

export interface StagePlan {
  readonly sources: readonly SourceSpec[];
  readonly cast: readonly Casting[];
  readonly gains: Readonly<Record<string, number>>;
  readonly participants: readonly LayoutParticipant[];
}

export interface StageInput {
  readonly room: string;
  readonly publication: Publication | null;
  readonly stage: Stage | null;
}

/** Who is on air, by seat, with their sources and their loudness. */
export function planStage({ room, publication, stage }: StageInput): StagePlan {
  const seated = seatedOf(stage);
  const hasHost = seated.some(isHost);
  const encoder = publication && !hasHost ? [encoderParticipant(room, publication)] : [];
  const guests = seated.map((participant) => stageParticipant(room, participant, publication));
  const all = [...encoder, ...guests];
  return {
    sources: all.flatMap(({ sources }) => sources),
    cast: all.flatMap(({ cast }) => cast),
    gains: Object.assign({}, ...all.map(({ gains }) => gains)),
    participants: all.flatMap(({ layout }) => (layout ? [layout] : [])),
  };
}

interface OnAir {
  readonly sources: readonly SourceSpec[];
  readonly cast: readonly Casting[];
  readonly gains: Readonly<Record<string, number>>;
  /** Null for one who is heard only. */
  readonly layout: LayoutParticipant | null;
}

const isHost = (participant: StageParticipant): boolean => participant.role === "host";

function seatedOf(stage: Stage | null): StageParticipant[] {
  const seatOf = ({ place }: StageParticipant): number =>
    place.at === "seated" ? place.seat : Number.POSITIVE_INFINITY;
  const seated = (stage?.participants ?? []).filter(({ place }) => place.at === "seated");
  return seated.toSorted((a, b) => seatOf(a) - seatOf(b));
}

function publicationSource({ sessionId, sourceUrl, sourceFormat, fpsHint }: Publication): SourceSpec {
  return { sourceId: sessionId, url: sourceUrl, format: sourceFormat, fpsHint };
}

function encoderParticipant(room: string, publication: Publication): OnAir {
  const { sessionId } = publication;
  return {
    sources: [publicationSource(publication)],
    cast: [{ room, participantId: ENCODER_ID, slot: "camera", sourceId: sessionId }],
    gains: {},
    layout: {
      ...{ id: ENCODER_ID, name: "", hasScreen: false, isMuted: false },
      hasCamera: publication.videoCodec !== "none",
    },
  };
}

function stageParticipant(room: string, participant: StageParticipant, publication: Publication | null): OnAir {
  const { participantId, muted, hidden, gain } = participant;
  const published = isHost(participant) ? publication : null;
  // The publication stands for the host's own camera.
  const fromStage = participant.sources.filter(({ slot }) => slot === "screen" || !published);
  const sources = [
    ...(published ? [publicationSource(published)] : []),
    ...fromStage.map(({ sourceId, url }): SourceSpec => ({ sourceId, url, format: "rtp", fpsHint: 0 })),
  ];
  const cast: Casting[] = [
    ...(published ? [{ room, participantId, slot: "camera" as const, sourceId: published.sessionId }] : []),
    ...fromStage.map(({ slot, sourceId }) => ({ room, participantId, slot, sourceId })),
  ];
  const loudness = muted ? 0 : gain;
  return {
    ...{ sources, cast },
    gains: Object.fromEntries(sources.map(({ sourceId }) => [sourceId, loudness])),
    layout: hidden ? null : layoutParticipant(participant, { published, fromStage }),
  };
}

function layoutParticipant(
  { participantId, name, own, muted }: StageParticipant,
  media: { readonly published: Publication | null; readonly fromStage: StageParticipant["sources"] },
): LayoutParticipant {
  const { published, fromStage } = media;
  // An encoder is not switched by the host's browser: its picture and sound are what it sends.
  const isEncoder = published !== null && published.protocol !== "stage";
  const sends = (slot: "camera" | "screen"): boolean =>
    fromStage.some((source) => source.slot === slot && source.hasVideo);
  const hasPicture = published ? published.videoCodec !== "none" : sends("camera");
  return {
    ...{ id: participantId, name },
    hasCamera: hasPicture && (isEncoder || own.camera),
    hasScreen: own.screen && sends("screen"),
    isMuted: muted || (!isEncoder && !own.microphone),
  };
}
