/** The stage's way to and from the edge: replies as server-sent events, requests by POST. */
import type { StageReply, StageRequest } from "@lianmai/ingest/signalling";

/** The way of one browser to one room's stage. */
export interface StageWay {
  /**
   * Opens the events; `reply` for each. Resolves when they have ended, with what the server answered. `probing`: given
   * up as soon as something else gets through and this does not.
   */
  open(
    reply: (reply: StageReply) => void,
    options: { readonly signal: AbortSignal; readonly probing: boolean },
  ): Promise<StageAnswer>;
  /** Posts a request; resolves with whether it was taken. Never rejects. */
  post(connectionId: string, request: StageRequest, signal: AbortSignal): Promise<boolean>;
}

/** Status of the events' answer, 0 when there was none, and the problem's code. */
export interface StageAnswer {
  readonly status: number;
  readonly code: string;
}

const NO_ANSWER: StageAnswer = { status: 0, code: "no-answer" };
/** From the request to the first byte of the events. */
const OPEN_BUDGET_MS = 6_000;
const POST_BUDGET_MS = 8_000;
const PROBE_EVERY_MS = 500;
const PROBE_BUDGET_MS = 3_000;
const PROBE_LEAD_MS = 300;
/** The server says something every ten seconds. */
const SILENCE_BUDGET_MS = 25_000;

export function createStageWay(slug: string): StageWay {
  const at = `/api/v1/rooms/${encodeURIComponent(slug)}/stage`;
  return {
    open: (reply, options) => openEvents(`${at}/events`, reply, options),
    async post(connectionId, request, signal) {
      const answer = await fetch(`${at}/requests/${connectionId}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(request),
        signal: AbortSignal.any([signal, AbortSignal.timeout(POST_BUDGET_MS)]),
      }).catch(() => undefined);
      return answer?.status === 202;
    },
  };
}

async function openEvents(
  url: string,
  reply: (reply: StageReply) => void,
  { signal, probing }: Parameters<StageWay["open"]>[1],
): Promise<StageAnswer> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), OPEN_BUDGET_MS);
  const answered = new AbortController();
  if (probing) probe(AbortSignal.any([signal, silence.signal, answered.signal]), () => silence.abort());
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, silence.signal]) });
    answered.abort();
    if (!response.ok || !response.body) return { status: response.status, code: await codeOf(response) };
    for await (const text of eventsOf(response.body)) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_BUDGET_MS);
      reply(JSON.parse(text) as StageReply);
    }
    return { status: 200, code: "ended" };
  } catch {
    return NO_ANSWER;
  } finally {
    answered.abort();
    clearTimeout(timer);
  }
}

/**
 * A request that was sent into a network that is gone waits for its packets to be sent again, later each time, though
 * the network may be back: small ones sent meanwhile tell. Ends with `signal`.
 */
function probe(signal: AbortSignal, onThrough: () => void): void {
  if (signal.aborted) return;
  const timer = setInterval(() => {
    const budget = AbortSignal.any([signal, AbortSignal.timeout(PROBE_BUDGET_MS)]);
    const through = fetch("/healthz", { method: "HEAD", cache: "no-store", signal: budget });
    // The answer to the larger request may be just behind.
    through.then(
      () => setTimeout(() => !signal.aborted && onThrough(), PROBE_LEAD_MS),
      () => {},
    );
  }, PROBE_EVERY_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
}

async function codeOf(response: Response): Promise<string> {
  const problem: unknown = await response.json().catch(() => undefined);
  const code = typeof problem === "object" && problem !== null && "code" in problem ? problem.code : undefined;
  return typeof code === "string" ? code : "no-answer";
}

/** Data of each event, which is one line here. */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const events = (rest + decoder.decode(part.value, { stream: true })).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) if (event.startsWith("data: ")) yield event.slice(6);
  }
}
