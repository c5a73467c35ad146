import type { IncomingHttpHeaders } from "node:http";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { type Takeover, takeoverSchema } from "../contract.ts";

/** Set by the edge for a request of the room's signed-in host, as JSON. */
const HOST_HEADER = "x-lianmai-host";
const hostSchema = Type.Object({ userId: Type.String({ minLength: 1, maxLength: 64 }), takeover: takeoverSchema });

/** Who posts: somebody with a stream key, or the room's host. */
export type WhipPublisher =
  | { readonly by: "key"; readonly key: string }
  | { readonly by: "host"; readonly userId: string; readonly takeover: Takeover };

/** Undefined for nobody in particular. */
export function readPublisher(headers: IncomingHttpHeaders): WhipPublisher | undefined {
  const host = readHost(headers[HOST_HEADER]);
  if (host) return { by: "host", ...host };
  const [scheme, key] = (headers.authorization ?? "").split(" ", 3);
  return scheme?.toLowerCase() === "bearer" && key ? { by: "key", key } : undefined;
}

function readHost(header: string | string[] | undefined): { userId: string; takeover: Takeover } | undefined {
  if (typeof header !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(header);
    return Value.Check(hostSchema, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
