import type { ProgramParticipant, StageRequest, StageTrack } from "@lianmai/ingest/signalling";

type Sizes = Extract<StageRequest, { readonly kind: "sizes" }>["sizes"];

/** Whose tracks the programme's are. */
export const PROGRAMME: ProgramParticipant = "program";

/** Steps in which a size is told: a page that is dragged larger says so a few times, not each pixel. */
const STEP = 20;

/**
 * What is seen while the programme stands in place of everybody's pictures, `height` CSS pixels high; 0: it comes
 * another way. The others' pictures are not sent then. Pure.
 */
export function programmeSizes(tracks: readonly StageTrack[], height: number): Sizes {
  return tracks
    .filter(({ kind }) => kind === "video")
    .map(({ participantId, slot }) => ({
      ...{ participantId, slot },
      height: participantId === PROGRAMME ? Math.min(4_320, Math.round(height / STEP) * STEP) : 0,
    }));
}
