/** Something every process has. */
export const STARTED_AT_MS = Date.now();
