import type { StageParticipant } from "../stage-contract.ts";
import type { WantedTrack } from "./member-peer.ts";

/** What there is on a stage: who sits there, each one's tracks, and what an encoder sends. */
export interface StageTracks {
  readonly seated: readonly StageParticipant[];
  readonly of: (participantId: string) => readonly WantedTrack[];
  readonly encoder: readonly WantedTrack[];
}

/**
 * What one member gets: the tracks of all who are seated, but its own; who is not the host also what an encoder sends,
 * then without the host's own microphone and camera: nobody is to hear the host twice. Pure.
 */
export function chooseTracks(member: { readonly participantId: string; readonly isHost: boolean }, stage: StageTracks) {
  const encoder = member.isHost ? [] : stage.encoder;
  const others = stage.seated.filter(({ participantId }) => participantId !== member.participantId);
  const tracks = others.flatMap(({ participantId, role }) =>
    stage.of(participantId).filter(({ slot }) => encoder.length === 0 || role !== "host" || slot === "screen"),
  );
  return [...tracks, ...encoder];
}
