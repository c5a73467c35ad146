/** The only importer of @fastify/swagger and @fastify/swagger-ui. */
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";

/** The page runs from our own files; its styles are inline. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const DESCRIPTION = `Accounts, rooms, stream keys and gifts. Errors are RFC 9457 problem documents with a stable \`code\`.

Get a token with **Sign in**, put it into **Authorize**, and every route can be tried here.
The document behind this page: [openapi.json](/api/openapi.json).`;

/** The library's bar of other documents goes; its wide margins too. */
const DOCS_STYLE = `
  .swagger-ui .topbar, .swagger-ui .info .link, .swagger-ui .servers-title, .swagger-ui .servers { display: none; }
  .swagger-ui .info { margin: 32px 0 8px; }
  .swagger-ui .scheme-container { margin: 0; padding: 8px 0 24px; background: none; box-shadow: none; }
  .swagger-ui, .swagger-ui .info .title, .swagger-ui .opblock-tag { font-family: system-ui, sans-serif; }
  @media (max-width: 640px) {
    .swagger-ui .opblock .opblock-summary { flex-wrap: wrap; }
    .swagger-ui .opblock-summary-description { flex-basis: 100%; padding: 4px 0 0 10px; }
    .swagger-ui .info { margin-top: 16px; }
  }
`;

/** Groups of routes, in the order of the page. */
export const TAGS = {
  accounts: "Accounts and sign-in",
  rooms: "Rooms and what is on air in them",
  "stream-keys": "What an encoder publishes with",
  gifts: "Gifts, paid messages, wallets and leaderboards",
} as const;

/** Makes `/api/openapi.json` (OpenAPI 3.1) from the route schemas and the readable page `/api/docs`. */
export async function registerOpenApi(app: FastifyInstance, options: { readonly version: string }): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Lianmai API",
        version: options.version,
        description: DESCRIPTION,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: "/" }],
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer", description: "The token of a sign-in or sign-up." },
        },
      },
    },
  });
  await app.register(swaggerUi, {
    routePrefix: "/api/docs",
    staticCSP: DOCS_POLICY,
    uiConfig: { validatorUrl: null, docExpansion: "list", tryItOutEnabled: true },
    theme: { title: "Lianmai API", css: [{ filename: "lianmai.css", content: DOCS_STYLE }] },
  });
  app.get("/api/openapi.json", { schema: { hide: true } }, (_request, reply) =>
    reply.header("cache-control", "no-cache").send(app.swagger()),
  );
}
