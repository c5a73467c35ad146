/** How playlists and media are asked for: patience, and which request is which. Pure. */

/** What a retry is decided by. */
type Answer = { readonly code?: number } | undefined;

/** A policy in the shape the player library takes. */
export type PatientPolicy = {
  readonly maxTimeToFirstByteMs: number;
  readonly maxLoadTimeMs: number;
  readonly timeoutRetry: Retry;
  readonly errorRetry: Retry & {
    readonly shouldRetry: (config: unknown, count: number, isTimeout: boolean, response: Answer) => boolean;
  };
};

type Retry = {
  readonly maxNumRetry: number;
  readonly retryDelayMs: number;
  readonly maxRetryDelayMs: number;
  readonly backoff: "linear";
};

/**
 * Server processes restart: whatever is refused or missing is asked for again every 0.3 to 0.8 s, by each viewer at
 * a pace of its own. `giveUpOnMissing`: a 404 is asked for once more only, since media that has left the window and
 * a rendition that was given up stay away; another level, or the multivariant playlist anew, is the way on.
 */
export function patient(random: () => number, maxNumRetry: number, giveUpOnMissing: boolean): PatientPolicy {
  const retryDelayMs = Math.round(300 + random() * 500);
  const retry = { maxNumRetry, retryDelayMs, maxRetryDelayMs: 1_000, backoff: "linear" } as const;
  return {
    maxTimeToFirstByteMs: 6_000,
    maxLoadTimeMs: 20_000,
    timeoutRetry: { ...retry, retryDelayMs: 0 },
    errorRetry: {
      ...retry,
      shouldRetry: (_config, count, _isTimeout, response) => {
        // Who is kept out is told so at once: the library says nothing while it retries.
        if (response?.code === 403) return false;
        const missing = response?.code === 404 || response?.code === 410;
        return count < (missing && giveUpOnMissing ? 1 : maxNumRetry);
      },
    },
  };
}

/** A request for media, as opposed to a playlist or an init segment. */
export type MediaContext = {
  readonly frag: { readonly duration: number; readonly sn: number | "initSegment" };
  readonly part?: { readonly duration: number } | null;
};

/** Whether a request is for media. */
export function isMedia<Context extends object>(context: Context): context is Context & MediaContext {
  return "frag" in context && (context as unknown as MediaContext).frag.sn !== "initSegment";
}

/** The address with the viewer's id, by which the edge counts. */
export function withViewer(url: string, viewerId: string): string {
  const next = new URL(url, globalThis.location?.href);
  next.searchParams.set("v", viewerId);
  return next.href;
}
