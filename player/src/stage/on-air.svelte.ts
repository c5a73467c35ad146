/** Going live from the browser, and staying so: a connection that was lost takes its place back by itself. */
import type { CommandCode } from "./stage-client.svelte.ts";
import type { StageSession } from "./stage-session.svelte.ts";

export type OnAirState = "off" | "starting" | "on";

const CONNECT_BUDGET_MS = 30_000;
const AGAIN_AFTER_MS = 1_500;

/** Which refusals pass by themselves, and how often they are waited out. */
interface Patience {
  readonly rounds: number;
  readonly passing: ReadonlySet<CommandCode>;
}
/** Somebody has clicked: a camera that is not quite there yet is no reason to make them click again. */
const FIRST: Patience = { rounds: 6, passing: new Set(["not-joined", "stage-busy", "no-answer"]) };
/** While the server still knows the lost publication, it refuses the new one. */
const AGAIN: Patience = { rounds: 12, passing: new Set(["already-live", ...FIRST.passing]) };

export class GoingLive {
  state = $state<OnAirState>("off");
  /** Why it did not work the last time. */
  refusal = $state<CommandCode | "no-media">();
  readonly #session: StageSession;
  #wanted = false;
  #attempt = 0;

  constructor(session: StageSession) {
    this.#session = session;
  }

  async start(): Promise<void> {
    this.#wanted = true;
    await this.#claim(FIRST);
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    this.#attempt += 1;
    this.state = "off";
    await this.#session.client.onAir(false);
  }

  /** The media connection has come or gone: what it carried on air is to be claimed anew. */
  connectionChanged(connected: boolean): void {
    if (!this.#wanted || this.state === "starting") return;
    if (!connected) this.state = "off";
    else if (this.state === "off") void this.#claim(AGAIN);
  }

  async #claim(patience: Patience): Promise<void> {
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.state = "starting";
    this.refusal = undefined;
    const missing = await this.#prepare();
    const code = missing ?? (await this.#ask(attempt, patience));
    if (attempt !== this.#attempt) return;
    if (code === "done") {
      this.state = "on";
      this.refusal = undefined;
    } else this.#refused(code);
  }

  /** Devices; "no-media" when there are none to send from. */
  async #prepare(): Promise<"no-media" | undefined> {
    const { devices } = this.#session;
    const sends = (): boolean => devices.camera === "on" || devices.microphone === "on";
    if (!sends()) await devices.start();
    return sends() ? undefined : "no-media";
  }

  async #ask(attempt: number, { rounds, passing }: Patience): Promise<CommandCode> {
    for (let round = 0; ; round += 1) {
      // Stopped while it waited: what nobody wants any more must not go on air.
      if (!(await this.#connected()) || attempt !== this.#attempt) return "no-answer";
      const code = await this.#session.client.onAir(true);
      const over = code === "done" || attempt !== this.#attempt;
      if (over || round >= rounds || !passing.has(code)) return code;
      // Said at once, and tried on: the former publication may be this browser's own.
      if (code === "already-live") this.refusal = code;
      await wait(AGAIN_AFTER_MS * (0.75 + Math.random() / 2));
    }
  }

  #refused(code: CommandCode | "no-media"): void {
    this.refusal = code;
    this.state = "off";
    this.#wanted = false;
  }

  async #connected(): Promise<boolean> {
    const { client } = this.#session;
    for (let waited = 0; waited < CONNECT_BUDGET_MS; waited += 100) {
      if (client.connected) return true;
      await wait(100);
    }
    return false;
  }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
