import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { ProblemError } from "../../errors.ts";
import { answers, nothing, SIGNED_IN } from "../../http/answers.ts";
import type { Authenticate } from "../../http/authenticate.ts";
import type { App } from "../../http/create-app.ts";
import { tenantCreationSchema, tenantKeySchema, tenantSchema } from "../../protocol/room/api.ts";
import type { Tenants } from "./tenants.ts";

const tags = ["tenants"];
const MAX_TENANTS = 1_000;
const id = Type.String({ minLength: 1, maxLength: 40 });

/** Admins' routes for tenants: systems whose people come in by tokens they sign, and their keys. */
export function tenantRoutes(
  app: App,
  parts: { readonly tenants: Tenants; readonly authenticate: Authenticate },
): void {
  const { tenants, authenticate } = parts;
  const admin = async (request: FastifyRequest) => {
    const { user } = await authenticate.required(request);
    if (user.role !== "admin") throw new ProblemError("not-allowed");
  };
  app.get(
    "/api/v1/tenants",
    {
      schema: {
        ...{ summary: "List tenants and their keys", tags, security: SIGNED_IN },
        response: answers({ 200: Type.Object({ tenants: Type.Array(tenantSchema) }) }),
      },
    },
    async (request) => {
      await admin(request);
      return { tenants: tenants.list().map(({ keys, ...tenant }) => ({ ...tenant, keys: [...keys] })) };
    },
  );
  app.post(
    "/api/v1/tenants",
    {
      schema: {
        ...{ summary: "Add a tenant", tags, security: SIGNED_IN, body: tenantCreationSchema },
        response: answers({ 201: tenantSchema }),
      },
    },
    async (request, reply) => {
      await admin(request);
      if (tenants.list().length >= MAX_TENANTS) throw new ProblemError("limit-reached");
      const { keys, ...tenant } = tenants.add(request.body.name);
      return reply.code(201).send({ ...tenant, keys: [...keys] });
    },
  );
  app.delete(
    "/api/v1/tenants/:id",
    {
      schema: {
        ...{
          summary: "Remove a tenant; its people's tokens are refused from their next refresh on",
          tags,
          security: SIGNED_IN,
        },
        params: Type.Object({ id }),
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      await admin(request);
      if (!tenants.remove(request.params.id)) throw new ProblemError("tenant-not-found");
      return reply.code(204).send(null);
    },
  );
  app.post(
    "/api/v1/tenants/:id/keys",
    {
      schema: {
        ...{ summary: "Add a tenant's public key; several may be valid at once", tags, security: SIGNED_IN },
        params: Type.Object({ id }),
        body: tenantKeySchema,
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      await admin(request);
      const { kid, jwk } = request.body;
      const done = await tenants.addKey(request.params.id, kid, jwk);
      if (done === "no-tenant") throw new ProblemError("tenant-not-found");
      if (done === "full") throw new ProblemError("limit-reached");
      if (done !== "added") {
        const message = done === "taken" ? "is used already" : "must be a public Ed25519, P-256 or RSA key";
        throw new ProblemError("invalid-request", { fields: [{ path: done === "taken" ? "/kid" : "/jwk", message }] });
      }
      return reply.code(204).send(null);
    },
  );
  app.delete(
    "/api/v1/tenants/:id/keys/:kid",
    {
      schema: {
        ...{ summary: "Revoke a tenant's key", tags, security: SIGNED_IN },
        params: Type.Object({ id, kid: Type.String({ minLength: 1, maxLength: 100 }) }),
        response: answers({ 204: nothing }),
      },
    },
    async (request, reply) => {
      await admin(request);
      if (!tenants.revokeKey(request.params.id, request.params.kid)) throw new ProblemError("tenant-not-found");
      return reply.code(204).send(null);
    },
  );
}
