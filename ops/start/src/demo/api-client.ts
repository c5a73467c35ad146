/** An answer of the API that is not a success; `status` is HTTP's, `message` holds the problem's code. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Longest one request may take. */
const BUDGET_MS = 10_000;

/** Calls the service's HTTP API; bodies are JSON both ways. */
export class ApiClient {
  readonly #base: string;
  #token = "";

  constructor(base: string) {
    this.#base = base;
  }

  /** From now on, requests carry this session's token. */
  signIn(token: string): void {
    this.#token = token;
  }

  /** Throws {@link ApiError} for any answer that is not 2xx. */
  async request<Answer>(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.#base}/api/v1${path}`, {
      method,
      signal: AbortSignal.timeout(BUDGET_MS),
      headers: {
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok)
      throw new ApiError(response.status, `${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return JSON.parse(text) as Answer;
  }
}
