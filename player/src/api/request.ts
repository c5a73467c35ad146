/** One JSON request to the edge; every failure is an {@link ApiError} with a stable code. */
import type { Problem } from "@lianmai/edge/protocol";

/** Code of a request that got no usable answer at all. */
export const NO_ANSWER = "no-answer";

/** A request that did not succeed. `problem.code` names why; {@link NO_ANSWER} when the server did not say. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.title, options);
    this.problem = problem;
  }
}

/** What a request may carry. */
export type RequestOptions = { readonly body?: unknown; readonly signal?: AbortSignal };

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Longest wait for an answer. */
const ANSWER_MS = 10_000;

/** Sends with the session cookie and reads JSON. @throws {ApiError} */
export async function request<Answer>(method: Method, path: string, options: RequestOptions = {}): Promise<Answer> {
  const timeout = AbortSignal.timeout(ANSWER_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  const json = options.body === undefined ? undefined : JSON.stringify(options.body);
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      signal,
      ...(json !== undefined && { body: json, headers: { "content-type": "application/json" } }),
    });
  } catch (error) {
    throw new ApiError(noAnswer(0), { cause: error });
  }
  if (!response.ok) throw new ApiError(await problemOf(response));
  if (response.status === 204) return undefined as Answer;
  try {
    return (await response.json()) as Answer;
  } catch (error) {
    throw new ApiError(noAnswer(response.status), { cause: error });
  }
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body: unknown = await response.json();
    if (isProblem(body)) return body;
  } catch {
    // Not JSON: something between us and the edge has answered.
  }
  return noAnswer(response.status);
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && typeof body.code === "string";
}

function noAnswer(status: number): Problem {
  return { type: "about:blank", title: "The server did not answer", status, code: NO_ANSWER };
}

/** The problem of anything thrown by {@link request}. */
export function problemFrom(error: unknown): Problem {
  return error instanceof ApiError ? error.problem : { ...noAnswer(0), title: String(error) };
}
