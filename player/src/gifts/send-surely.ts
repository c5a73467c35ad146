import { NO_ANSWER, problemFrom } from "../api/request.ts";

/** Codes after which it is not known, or not so yet, that coins have moved: the same id is asked again. */
const ASK_AGAIN = new Set([NO_ANSWER, "ledger-away", "ledger-busy", "stopping", "internal", "too-many-requests"]);
const ATTEMPTS = 6;
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 6_000;

/**
 * Asks until there is an answer that means something. Safe for whatever carries an id of its own: coins move once,
 * however often it is asked. Throws the last failure.
 */
export async function sendSurely<Answer>(
  ask: () => Promise<Answer>,
  options: { readonly wait?: (ms: number) => Promise<void>; readonly random?: () => number } = {},
): Promise<Answer> {
  const { wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)), random = Math.random } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const { code, retryAfterMs = 0 } = problemFrom(error);
      if (attempt >= ATTEMPTS || !ASK_AGAIN.has(code)) throw error;
      const ceilingMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
      await wait(Math.max(Math.min(retryAfterMs, LONGEST_WAIT_MS), ceilingMs * (0.5 + random() / 2)));
    }
  }
}
