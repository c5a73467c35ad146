/** Nobody imports this. */
export const NOBODY = 1;
