import type { IncomingMessage } from "node:http";

/** Reads the client's address off a plain request; behind a proxy, the one that the proxy added last. */
export const clientAddress =
  (options: { readonly trustProxy: boolean }) =>
  (request: IncomingMessage): string => {
    const forwarded = options.trustProxy ? request.headers["x-forwarded-for"] : undefined;
    if (typeof forwarded === "string")
      return forwarded
        .slice(forwarded.lastIndexOf(",") + 1)
        .trim()
        .slice(0, 64);
    return request.socket.remoteAddress ?? "";
  };
