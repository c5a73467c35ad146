/** Bodies of the stage's API that are not signalling; the player imports the types. */
import { type Static, Type } from "typebox";

/** Answer of GET /api/v1/rooms/:slug/stage. */
export const openStageSchema = Type.Object({
  /** Hands can be raised: the host is there and there are seats for guests. */
  isOpen: Type.Boolean(),
  /** Guests on air. */
  guests: Type.Integer({ minimum: 0 }),
  /** Seats that are neither taken nor locked. */
  freeSeats: Type.Integer({ minimum: 0 }),
});
export type OpenStage = Static<typeof openStageSchema>;
