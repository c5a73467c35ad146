/** What a watch page needs at once, as the `Link` header of its answer (RFC 8288). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { multivariantPath } from "@lianmai/transcode/contract";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import { slugSchema } from "../protocol/api.ts";
import { isReservedSlug } from "../rooms/reserved-slugs.ts";

/** The player's build writes it. */
const FILE = "early.json";
const earlySchema = Type.Object({ modules: Type.Array(Type.String()), styles: Type.Array(Type.String()) });
type Early = Static<typeof earlySchema>;

/**
 * The header's value for a page path; undefined for pages that are no room's. The playlist and the room are asked for
 * with the mode and credentials the player asks with, or the browser would ask twice.
 */
export function earlyLinks(path: string, early: Early): string | undefined {
  const slug = /^\/(?:r\/)?([^/]+)\/?$/.exec(path)?.[1] ?? "";
  const short = !path.startsWith("/r/");
  if (!Value.Check(slugSchema, slug) || (short && isReservedSlug(slug))) return undefined;
  const data = [multivariantPath(slug), `/api/v1/rooms/${slug}`];
  return [
    ...data.map((target) => `<${target}>; rel=preload; as=fetch; crossorigin=anonymous`),
    ...early.modules.map((target) => `<${target}>; rel=modulepreload`),
    ...early.styles.map((target) => `<${target}>; rel=preload; as=style`),
  ].join(", ");
}

/** Reads the build's list; an empty one when there is none. */
export function readEarly(directory: string): Early {
  try {
    const value: unknown = JSON.parse(readFileSync(join(directory, FILE), "utf8"));
    if (Value.Check(earlySchema, value)) return value;
  } catch {
    // Without a build there are no pages either, and they say so themselves.
  }
  return { modules: [], styles: [] };
}
