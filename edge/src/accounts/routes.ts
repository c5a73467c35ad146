import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ProblemError } from "../errors.ts";
import { answers, nothing, SIGNED_IN } from "../http/answers.ts";
import type { Authenticate } from "../http/authenticate.ts";
import type { App } from "../http/create-app.ts";
import type { RouteLimits } from "../http/rate-limits.ts";
import {
  credentialsSchema,
  passwordChangeSchema,
  type Session,
  sessionListSchema,
  sessionSchema,
  userSchema,
} from "../protocol/api.ts";
import type { Sessions } from "./sessions.ts";
import type { Client, SignIn } from "./sign-in.ts";

const tags = ["accounts"];

/** Routes of accounts and their sessions. */
export function accountRoutes(
  app: App,
  parts: {
    readonly signIn: SignIn;
    readonly sessions: Sessions;
    readonly authenticate: Authenticate;
    readonly limits: RouteLimits;
  },
): void {
  const { signIn, sessions, authenticate, limits } = parts;
  const signedInAnswer = (reply: FastifyReply, session: Session) => {
    authenticate.setCookie(reply, session.token);
    reply.header("cache-control", "no-store");
    return session;
  };
  app.post(
    "/api/v1/users",
    {
      config: { rateLimit: limits.signUp },
      schema: {
        summary: "Sign up",
        tags,
        body: credentialsSchema,
        response: answers({ 201: sessionSchema }),
      },
    },
    async (request, reply) => {
      const session = await signIn.signUp(request.body, clientOf(request));
      return reply.code(201).send(signedInAnswer(reply, session));
    },
  );
  app.post(
    "/api/v1/sessions",
    {
      config: { rateLimit: limits.signIn },
      schema: { summary: "Sign in", tags, body: signInSchema, response: answers({ 201: sessionSchema }) },
    },
    async (request, reply) => {
      const session = await signIn.signIn(request.body, clientOf(request));
      return reply.code(201).send(signedInAnswer(reply, session));
    },
  );
  app.get(
    "/api/v1/sessions",
    {
      schema: { summary: "List my sessions", tags, security: SIGNED_IN, response: answers({ 200: sessionListSchema }) },
    },
    async (request, reply) => {
      const { user, sessionId } = await authenticate.required(request);
      reply.header("cache-control", "no-store");
      return { sessions: await sessions.list(user.id, { currentId: sessionId }) };
    },
  );
  app.delete(
    "/api/v1/sessions/:id",
    {
      config: { rateLimit: limits.write },
      schema: {
        summary: "End a session: sign out",
        description: "`current` names the session that asks.",
        tags,
        security: SIGNED_IN,
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }),
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      const { user, sessionId } = await authenticate.required(request);
      const id = request.params.id === "current" ? sessionId : request.params.id;
      if (!(await sessions.end(user.id, id))) throw new ProblemError("session-not-found");
      if (id === sessionId) authenticate.clearCookie(reply);
      return reply.code(204).send(null);
    },
  );
  app.get(
    "/api/v1/users/me",
    { schema: { summary: "Who am I", tags, security: SIGNED_IN, response: answers({ 200: userSchema }) } },
    async (request, reply) => {
      reply.header("cache-control", "no-store");
      return (await authenticate.required(request)).user;
    },
  );
  app.post(
    "/api/v1/users/me/password",
    {
      config: { rateLimit: limits.signIn },
      schema: {
        summary: "Change my password",
        description: "Ends my other sessions.",
        tags,
        security: SIGNED_IN,
        body: passwordChangeSchema,
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      await signIn.changePassword(await authenticate.required(request), request.body);
      return reply.code(204).send(null);
    },
  );
}

/** Sign-in takes whatever may once have been a password: rules for new ones would only tell guessers about old ones. */
const signInSchema = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 200 }), password: Type.String({ minLength: 1, maxLength: 200 }) },
  { additionalProperties: false },
);

const clientOf = (request: FastifyRequest): Client => ({
  address: request.ip,
  userAgent: request.headers["user-agent"] ?? "",
});
