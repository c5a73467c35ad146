/** A token is renewed when this share of its life is over. */
const REFRESH_AT = 0.8;
/** A token that ends within this is not worth saying hello with. */
const SPARE_MS = 5_000;

/** The room token in use, and whether another is on its way. */
export class TokenKeeper {
  readonly #ask: () => void;
  #token: { readonly text: string; readonly untilMs: number; readonly gotMs: number } | undefined;
  #isAsked = false;

  /** `ask` requests a token; its answer comes to `got` or `failed`. */
  constructor(ask: () => void) {
    this.#ask = ask;
  }

  get text(): string | undefined {
    return this.#token?.text;
  }

  got(text: string, untilMs: number, nowMs: number): void {
    this.#isAsked = false;
    this.#token = { text, untilMs, gotMs: nowMs };
  }

  failed(): void {
    this.#isAsked = false;
  }

  /** The server does not take it. */
  forget(): void {
    this.#token = undefined;
  }

  /** Asks for one unless there is one that lasts. */
  ensure(nowMs: number): void {
    if (this.#token && this.#token.untilMs - nowMs >= SPARE_MS) return;
    this.#token = undefined;
    this.renew();
  }

  /** Asks for the next one in good time. */
  keep(nowMs: number): void {
    const token = this.#token;
    if (token && nowMs > token.gotMs + (token.untilMs - token.gotMs) * REFRESH_AT) this.renew();
  }

  /** Asks for another, once at a time. */
  renew(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#ask();
  }
}
