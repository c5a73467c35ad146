/** A way to speak the room protocol wrongly, and to hear what it answers: by WebSocket, or by events and POST. */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { problemCode, RawSocket, rawFrame } from "./raw-socket.ts";

const TEXT = 1;
/** Frames that answer what was sent; others come by themselves. */
const ANSWERS = new Set(["welcome", "fault", "nack", "ack", "left", "joined", "filled", "refreshed", "pong"]);

/** An answer in words: `nack CODE`, `fault CODE`, `close CODE`, `http STATUS CODE`, or the frame's name. */
export type Answer = string;

/** One connection of either kind. */
export interface Link {
  /** Sends a text; an answer to the sending itself, when it was refused at once. */
  send(text: string): Promise<Answer | undefined>;
  /** The next answer. */
  answer(budgetMs: number): Promise<Answer>;
  close(): void;
}

/** By WebSocket. Rejects when the upgrade is refused. */
export async function socketLink(port: number, from: string): Promise<Link & { readonly raw: RawSocket }> {
  const raw = await RawSocket.open(port, from);
  const upgraded = await raw.upgraded(10_000);
  if (upgraded !== "upgraded") throw new Error(`no upgrade: ${upgraded}`);
  return {
    raw,
    async send(text) {
      raw.write(rawFrame({ opcode: TEXT, payload: text }));
      return undefined;
    },
    async answer(budgetMs) {
      const deadlineMs = performance.now() + budgetMs;
      for (;;) {
        const said = await raw.next(Math.max(0, deadlineMs - performance.now()));
        const answer = said.startsWith("{") ? answerOf(said) : said;
        if (answer !== undefined) return answer;
      }
    },
    close: () => raw.destroy(),
  };
}

/** By events; `hello` is the body that opens them. An answer instead, when it was refused. */
export async function eventsLink(
  url: string,
  from: string,
  hello: { readonly body: string; readonly type?: string },
): Promise<Link | Answer> {
  const { response, destroy } = await post(`${url}/api/v1/room/events`, from, hello);
  if (response.statusCode !== 200) return refusalOf(response);
  const lines = new Lines(response);
  let sid = "";
  return {
    async answer(budgetMs) {
      const deadlineMs = performance.now() + budgetMs;
      for (;;) {
        const line = await lines.next(Math.max(0, deadlineMs - performance.now()));
        if (!line.startsWith("{")) return line;
        sid ||= /^\{"t":"welcome".*?"sid":"([^"]+)"/.exec(line)?.[1] ?? "";
        const said = answerOf(line);
        if (said !== undefined) return said;
      }
    },
    async send(body) {
      const { response: got } = await post(`${url}/api/v1/room/frames/${sid}`, from, { body });
      if (got.statusCode !== 204) return refusalOf(got);
      got.resume();
      return undefined;
    },
    close: destroy,
  };
}

/** The data lines of a stream of events, one by one. */
class Lines {
  readonly #lines: string[] = [];
  #rest = "";
  #isOver = false;
  #wake = (): void => undefined;

  constructor(response: IncomingMessage) {
    response.setEncoding("utf8").on("data", (chunk: string) => {
      const parts = (this.#rest + chunk).split("\n");
      this.#rest = parts.pop() ?? "";
      this.#lines.push(...parts.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()));
      this.#wake();
    });
    response.on("error", () => undefined);
    response.on("close", () => {
      this.#isOver = true;
      this.#wake();
    });
  }

  /** `ended` when there are no more, `silence` when there was none in time. */
  async next(budgetMs: number): Promise<string> {
    const deadlineMs = performance.now() + budgetMs;
    while (this.#lines.length === 0 && !this.#isOver && performance.now() < deadlineMs) {
      await until((done) => {
        this.#wake = done;
      }, deadlineMs - performance.now());
    }
    return this.#lines.shift() ?? (this.#isOver ? "ended" : "silence");
  }
}

/** Resolves when the function given to `on` is called, or after `ms`. */
function until(on: (done: () => void) => void, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.max(0, ms));
  on(() => {
    clearTimeout(timer);
    resolve();
  });
  return promise;
}

/** A frame that answers, in words; undefined for those that come by themselves. Pages are long: only their name is read. */
function answerOf(text: string): Answer | undefined {
  const name = /^\{"t":"([a-z]+)"/.exec(text)?.[1] ?? "";
  if (name === "ctl" && text.startsWith('{"t":"ctl","ctl":"close"')) return `close ${codeOf(text)}`;
  if (!ANSWERS.has(name)) return undefined;
  return name === "fault" || name === "nack" ? `${name} ${codeOf(text)}` : name;
}

const codeOf = (text: string): string => String((JSON.parse(text) as { readonly code?: unknown }).code);

function post(
  url: string,
  from: string,
  { body, type = "application/json" }: { readonly body: string; readonly type?: string },
): Promise<{ readonly response: IncomingMessage; destroy(): void }> {
  const headers = { "content-type": type, "x-forwarded-for": from };
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: "POST", headers, agent: false }, (response) =>
      resolve({ response, destroy: () => request.destroy() }),
    );
    request.on("error", reject);
    request.end(body);
  });
}

async function refusalOf(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return `http ${response.statusCode} ${problemCode(Buffer.concat(chunks).toString())}`;
}
