import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import { type ProblemCode, type ProblemDetails, ProblemError, problemDocument, retryAfterSeconds } from "../errors.ts";
import { UniqueViolation } from "../storage/database.ts";

/** Answers with a problem document; `Retry-After` goes along with `retryAfterMs`. */
export function sendProblem(reply: FastifyReply, code: ProblemCode, details: ProblemDetails = {}): FastifyReply {
  const document = problemDocument(code, details);
  if (details.retryAfterMs !== undefined) reply.header("retry-after", retryAfterSeconds(details.retryAfterMs));
  if (code === "not-signed-in" || code === "wrong-credentials") reply.header("www-authenticate", "Bearer");
  return reply
    .code(document.status)
    .header("cache-control", "no-store")
    .type("application/problem+json")
    .serializer(JSON.stringify)
    .send(document);
}

/** Makes every error of every route a problem document. Details of what is not the client's fault are only logged. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: unknown, request, reply) => {
    if (error instanceof ProblemError) return sendProblem(reply, error.code, error.details);
    if (isFastifyError(error)) {
      const known = codeOf(error);
      // fastify would cut the connection: who still sends would not hear why. What comes is dropped unread.
      if (known === "body-too-large") reply.removeHeader("connection");
      if (known) return sendProblem(reply, known, detailsOf(error));
    }
    request.log.error({ err: error, method: request.method, path: request.url.split("?", 1)[0] }, "request failed");
    return sendProblem(reply, error instanceof UniqueViolation ? "bad-request" : "internal");
  });
}

const isFastifyError = (error: unknown): error is FastifyError => error instanceof Error && "statusCode" in error;

/** The catalogue's code for what fastify itself refuses; undefined for failures of ours. */
function codeOf(error: FastifyError): ProblemCode | undefined {
  if (error.validation) return "invalid-request";
  switch (error.statusCode) {
    case 404:
      return "not-found";
    case 413:
      return "body-too-large";
    case 414:
      return "url-too-long";
    case 415:
      return "unsupported-media-type";
    default: {
      const isClients = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500;
      return isClients ? "bad-request" : undefined;
    }
  }
}

function detailsOf(error: FastifyError): ProblemDetails {
  if (!error.validation) return {};
  const place = error.validationContext && error.validationContext !== "body" ? `/${error.validationContext}` : "";
  const fields = error.validation.slice(0, 20).map(({ instancePath, message }) => ({
    path: `${place}${instancePath ?? ""}` || "/",
    message: message ?? "does not fit",
  }));
  return { fields };
}
