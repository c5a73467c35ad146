import type { Clock, Logger } from "@lianmai/process";
import type { ProgramRecord } from "@lianmai/transcode/contract";
import { type Answer, answerFrom, problemAnswer } from "./answer.ts";
import { createOriginClient, OriginFailure } from "./fetch-origin.ts";

/** What of a program's media is wanted, in which encoding. */
export interface Wanted {
  readonly program: ProgramRecord;
  /** Path and directives. */
  readonly target: string;
  readonly gzip: boolean;
}

/** Asks origins; every outcome is an answer. */
export interface OriginAnswers {
  /** Never rejects; undefined when `signal` gave the request up. */
  ask(wanted: Wanted, signal: AbortSignal): Promise<Answer | undefined>;
  close(): void;
}

/** When a client may try an origin that is away again. */
export const ORIGIN_RETRY_MS = 1_000;
/** No program makes viewers wait longer for headers, whatever its target duration. */
const MAX_HEADERS_BUDGET_MS = 30_000;

/** Makes {@link OriginAnswers}; `onFailure` counts. */
export function createOriginAnswers(parts: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onFailure: (kind: "away" | "bad") => void;
}): OriginAnswers {
  const { clock, logger, onFailure } = parts;
  const client = createOriginClient();
  const failed = (error: unknown, { program, target }: Wanted): Answer | undefined => {
    const kind = error instanceof OriginFailure ? error.kind : "bad";
    if (kind === "aborted") return undefined;
    onFailure(kind);
    logger.debug({ err: error, room: program.room, target }, "origin failure");
    if (kind === "bad") return problemAnswer("origin-bad");
    return problemAnswer("origin-away", { retryAfterMs: ORIGIN_RETRY_MS });
  };
  return {
    async ask(wanted, signal) {
      const { program, target, gzip } = wanted;
      try {
        const request = { originUrl: program.originUrl, target, gzip, headersBudgetMs: headersBudgetMs(program) };
        return answerFrom(await client.fetch(request, { signal }), { nowMs: clock.monotonicMs() });
      } catch (error) {
        return failed(error, wanted);
      }
    },
    close: client.close,
  };
}

/** rfc8216bis 6.2.5.2: an origin may hold a request three target durations; one second for the way. */
const headersBudgetMs = ({ segmentFrames, format }: ProgramRecord): number =>
  Math.min(MAX_HEADERS_BUDGET_MS, Math.max(2, Math.ceil(segmentFrames / Math.max(1, format.fps))) * 3_000 + 1_000);
