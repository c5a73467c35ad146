/** Cost of writing one frame to one socket as `bench chat` finds it, and the share of a core that writing may take. */
const FRAME_COST_MS = 0.017;
const CORE_SHARE = 0.3;
const MAX_WINDOW_MS = 250;
/** Members written to in one turn of the loop: what is published meanwhile waits no longer than this takes. */
export const MEMBERS_PER_TURN = 512;

/** Least time between two batches of a room: so long that writing them leaves the core room for the rest. */
export const flushWindowMs = (members: number): number =>
  Math.min(MAX_WINDOW_MS, Math.round((members * FRAME_COST_MS) / CORE_SHARE));
