/**
 * How a mixer's process keeps its memory. Its pictures live outside JavaScript's heap; a young generation that has grown
 * with one burst would keep 70 MiB for good.
 */
export const MIXER_FLAGS = ["--max-semi-space-size=8"];

/**
 * For glibc, where the operator has not said (mallopt(3)). The threshold is fixed: left to itself it rises with the first
 * picture that is freed, and pictures of all sizes then break up one heap that only grows with people coming and going.
 */
const MIXER_HEAPS = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "262144" } as const;

/** The environment to start a mixer in, made from this process's own. */
export const mixerEnvironment = (): NodeJS.ProcessEnv => ({ ...MIXER_HEAPS, ...process.env });
