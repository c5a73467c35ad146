/** The only importer of @fastify/helmet. */
import helmet from "@fastify/helmet";
import type { FastifyInstance } from "fastify";

/**
 * Security headers of everything but `/live`: the policy lets the player work (media and workers from blobs,
 * pictures of room covers from anywhere, styles set by components) and runs scripts of our own only.
 */
export async function registerSecurityHeaders(
  app: FastifyInstance,
  options: { readonly https: boolean },
): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:", "blob:", "http:", "https:"],
        fontSrc: ["'self'", "data:"],
        // data: an empty text track, by which hls.js removes one
        mediaSrc: ["'self'", "blob:", "data:"],
        workerSrc: ["'self'", "blob:"],
        connectSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'self'"],
      },
    },
    // on plain HTTP a browser must not be sent to a port that speaks no TLS
    strictTransportSecurity: options.https ? { maxAge: 180 * 24 * 3_600, includeSubDomains: false } : false,
    crossOriginOpenerPolicy: options.https ? { policy: "same-origin" } : false,
    originAgentCluster: options.https,
    referrerPolicy: { policy: "same-origin" },
    frameguard: { action: "sameorigin" },
  });
}
