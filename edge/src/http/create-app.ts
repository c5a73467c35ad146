/** The only importer of @fastify/cookie. */
import type { IncomingMessage, ServerResponse } from "node:http";
import cookie from "@fastify/cookie";
import type { Logger, Metrics } from "@lianmai/process";
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController, type RawServerDefault } from "fastify";
import { ProblemError } from "../errors.ts";
import { answerClientError, createNodeServer, type RequestHandler } from "./node-server.ts";
import { answerErrors, sendProblem } from "./problems.ts";
import { registerSecurityHeaders } from "./security-headers.ts";
import { compileSerializer } from "./serialize.ts";
import { compileValidator, type TypeBoxTypeProvider } from "./validate.ts";

/** The application with the schemas' types on its routes. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** Bodies of the API are small JSON documents. */
const MAX_BODY_BYTES = 64 * 1_024;
const MAX_PARAM_LENGTH = 100;

/**
 * Makes the application on the public node:http server. `live` gets `/live/*` before fastify sees it, `first` may
 * answer anything else by returning true.
 */
export async function createApp(options: {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly trustProxy: boolean;
  readonly https: boolean;
  readonly live: RequestHandler;
  readonly onStuck: () => void;
  readonly first: (...parameters: Parameters<RequestHandler>) => boolean;
}): Promise<App> {
  const { logger, metrics, trustProxy, https, live, onStuck, first } = options;
  const app: App = fastify({
    serverFactory: (handler) =>
      createNodeServer({
        live,
        onStuck,
        rest: (request, response) => {
          if (!first(request, response)) handler(request, response);
        },
      }),
    loggerInstance: quiet(logger),
    logController: new LogController({ disableRequestLogging: true }),
    // one proxy in front: the address it adds is the client's, what stood there before may be invented
    trustProxy: trustProxy && ((_address: string, hop: number) => hop < 1),
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    forceCloseConnections: true,
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, _request, reply) => {
      void sendProblem(reply, error.statusCode === 414 ? "url-too-long" : "bad-request");
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(compileSerializer);
  acceptJsonOnly(app);
  answerErrors(app);
  countRequests(app, metrics);
  await registerSecurityHeaders(app, { https });
  await app.register(cookie);
  return app;
}

/** Header that says that the body is signed as it was sent. */
export const SIGNATURE_HEADER = "x-lianmai-signature";
const signedBodies = new WeakMap<IncomingMessage, string>();

/** The text of a signed request's body; empty when it has none. */
export const signedBodyOf = (request: { readonly raw: IncomingMessage }): string => signedBodies.get(request.raw) ?? "";

/** JSON bodies; an empty one counts as none, as some clients always send the type. */
function acceptJsonOnly(app: App): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    const text = body.toString();
    if (request.headers[SIGNATURE_HEADER] !== undefined) signedBodies.set(request.raw, text);
    if (text === "") done(null, undefined);
    else {
      void parse(request, text, (error, value) => {
        if (error) done(new ProblemError("bad-request", { detail: "The body is not JSON.", cause: error }));
        else done(null, value);
      });
    }
  });
}

function countRequests(app: App, metrics: Metrics): void {
  const durations = metrics.histogram(
    "lianmai_edge_http_request_seconds",
    "Requests outside /live by route and status: time to answer.",
    [0.002, 0.01, 0.05, 0.25, 1, 5],
    ["method", "route", "status"],
  );
  app.addHook("onResponse", async (request, reply) => {
    const route = request.is404 ? "none" : (request.routeOptions.url ?? "none");
    durations.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1_000);
  });
}

/** Fastify's own notices repeat ours; its warnings and errors do not. */
const quiet = (logger: Logger): FastifyBaseLogger =>
  logger.isLevelEnabled("warn") ? logger.child({}, { level: "warn" }) : logger;
