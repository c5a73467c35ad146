/**
 * Flags of a mixer's process. Its pictures live outside JavaScript's heap; a young generation that has grown with one
 * burst would keep 70 MiB for good.
 */
export const MIXER_FLAGS = ["--max-semi-space-size=8"];
