/** The stage's way to and from the edge: replies as server-sent events, requests by POST. */
import type { StageReply, StageRequest } from "@lianmai/ingest/signalling";

/** The way of one browser to one room's stage. */
export interface StageWay {
  /** Opens the events; `reply` for each. Resolves when they have ended, with what the server answered. */
  open(reply: (reply: StageReply) => void, signal: AbortSignal): Promise<StageAnswer>;
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
/** The server says something every ten seconds. */
const SILENCE_BUDGET_MS = 25_000;

export function createStageWay(slug: string): StageWay {
  const at = `/api/v1/rooms/${encodeURIComponent(slug)}/stage`;
  return {
    open: (reply, signal) => openEvents(`${at}/events`, reply, signal),
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

async function openEvents(url: string, reply: (reply: StageReply) => void, signal: AbortSignal): Promise<StageAnswer> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), OPEN_BUDGET_MS);
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, silence.signal]) });
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
    clearTimeout(timer);
  }
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
