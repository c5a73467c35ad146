/** Cost of writing one frame to one socket, and the share of a core that writing may take. */
const FRAME_COST_MS = 0.008;
const CORE_SHARE = 0.4;
const MAX_WINDOW_MS = 250;

/** Least time between two batches of a room: so long that writing them leaves the core room for the rest. */
export const flushWindowMs = (members: number): number =>
  Math.min(MAX_WINDOW_MS, Math.round((members * FRAME_COST_MS) / CORE_SHARE));
