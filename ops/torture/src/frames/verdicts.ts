import { type DocumentedCodes, isDocumented } from "./documented-codes.ts";

/** Not refusals, but answers that some shots may have. */
const HARMLESS = new Set(["pong", "ack", "filled", "joined", "welcome", "upgraded", "http 201 -"]);

/** What came back, and what of it does not fit. */
export class Verdicts {
  readonly answers = new Map<string, number>();
  readonly faults: string[] = [];
  /** Frames, requests and uploads sent. */
  shots = 0;
  readonly #codes: DocumentedCodes;

  constructor(codes: DocumentedCodes) {
    this.#codes = codes;
  }

  /** Judges one answer; true while the connection stands. */
  judge(what: string, answer: string, fits: readonly string[]): boolean {
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
    const known = HARMLESS.has(answer) || isDocumented(answer, this.#codes);
    if (!known || !fits.includes(answer)) this.faults.push(`${what}: ${answer}, not ${fits.join(" or ")}`);
    return !/^(close|ended|silence)/.test(answer);
  }
}
