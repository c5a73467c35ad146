/** A host who directs the stage by the API alone, as the studio does, without a browser. */
import { until } from "@lianmai/e2e/browser";
import type { Stack } from "@lianmai/e2e/stack";
import type { StageReply, StageRequest, StageView } from "@lianmai/ingest/signalling";
import type { DirectorCommand } from "@lianmai/ingest/stage";

const BUDGET_MS = 30_000;

/** What an act was answered with, and when its request left, milliseconds since the epoch. */
export interface Directed {
  readonly code: string;
  readonly sentMs: number;
}

export class StageDirector {
  readonly #stack: Stack;
  readonly #slug: string;
  readonly #gone = new AbortController();
  readonly #results = new Map<number, string>();
  #connectionId = "";
  #commands = 0;
  #stage: StageView | undefined;
  /** Since when each speaks, milliseconds since the epoch. */
  #speakers: ReadonlyMap<string, number> = new Map();

  private constructor(stack: Stack, slug: string) {
    this.#stack = stack;
    this.#slug = slug;
  }

  /** Enters as the admin, whose room it is. */
  static async enter(stack: Stack, slug: string): Promise<StageDirector> {
    const director = new StageDirector(stack, slug);
    const response = await fetch(director.#url("events"), {
      headers: director.#headers,
      signal: director.#gone.signal,
    });
    if (!response.ok || !response.body) throw new Error(`no events: ${response.status}`);
    // Ends with the connection.
    void director.#read(response.body).catch(() => {});
    await until(
      "the stage's welcome",
      async () => director.#connectionId,
      (id) => id !== "",
      { budgetMs: BUDGET_MS },
    );
    return director;
  }

  get stage(): StageView | undefined {
    return this.#stage;
  }

  /** Rejects when the stage gives no answer. */
  async direct(command: DirectorCommand): Promise<Directed> {
    this.#commands += 1;
    const commandId = this.#commands;
    const sentMs = Date.now();
    const answer = await this.#request({ kind: "command", commandId, command });
    if (!answer.ok) throw new Error(`${command.kind}: ${answer.status} ${await answer.text()}`);
    const code = await until(
      `the answer to ${command.kind}`,
      async () => this.#results.get(commandId),
      (found) => found !== undefined,
      { budgetMs: BUDGET_MS },
    );
    return { code: code ?? "", sentMs };
  }

  /** Waits until somebody of this name is on the stage at `place`; their id. */
  async awaitGuest(name: string, place: StageView["participants"][number]["place"]["at"]): Promise<string> {
    const found = await until(
      `${name} ${place}`,
      async () => this.#stage?.participants.find((one) => one.name === name && one.place.at === place),
      (participant) => participant !== undefined,
      { budgetMs: BUDGET_MS },
    );
    return found?.participantId ?? "";
  }

  /** Waits until the stage has said for so long that somebody speaks, without a pause. */
  async awaitSpeaker(participantId: string, forMs: number): Promise<void> {
    const speaksMs = async () => Date.now() - (this.#speakers.get(participantId) ?? Number.POSITIVE_INFINITY);
    await until(`the voice of ${participantId}`, speaksMs, (ms) => ms >= forMs, { budgetMs: BUDGET_MS });
  }

  /** Whether the stage says so now. */
  speaks(participantId: string): boolean {
    return this.#speakers.has(participantId);
  }

  leave(): void {
    this.#gone.abort();
  }

  #request(request: StageRequest): Promise<Response> {
    return fetch(this.#url(`requests/${this.#connectionId}`), {
      method: "POST",
      headers: { ...this.#headers, "content-type": "application/json" },
      body: JSON.stringify(request),
    });
  }

  get #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#stack.token}` };
  }

  #url(path: string): string {
    return `${this.#stack.url}/api/v1/rooms/${this.#slug}/stage/${path}`;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n\n");
      rest = parts.pop() ?? "";
      for (const part of parts) this.#take(JSON.parse(part.slice("data: ".length)) as StageReply);
    }
  }

  #take(reply: StageReply): void {
    if (reply.kind === "welcome") this.#connectionId = reply.connectionId;
    if (reply.kind === "welcome" || reply.kind === "stage") this.#stage = reply.stage;
    if (reply.kind === "speakers") {
      this.#speakers = new Map(reply.participantIds.map((id) => [id, this.#speakers.get(id) ?? Date.now()]));
    }
    if (reply.kind === "ping") void this.#request({ kind: "pong" }).catch(() => {});
    if (reply.kind === "result") this.#results.set(reply.commandId, reply.code);
  }
}
