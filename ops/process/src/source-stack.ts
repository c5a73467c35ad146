import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

/** A place in a bundled module, as stack traces write it. */
const PLACE = /(file:\/\/[^\s()]+\.mjs):(\d+):(\d+)/g;

const maps = new Map<string, SourceMap | undefined>();

/**
 * A stack trace that names our sources where the process runs from a bundle; places in packages stay. Node's own way
 * (`--enable-source-maps`) costs each start a quarter of a second, since it reads the maps before there is an error, and
 * takes a place in a package for the line of ours before it.
 */
export function sourceStack(stack: string): string {
  return stack.replace(PLACE, (place: string, url: string, line: string, column: string) => {
    const entry = mapOf(url)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (!entry || !("originalSource" in entry) || entry.generatedLine !== Number(line) - 1) return place;
    return `${new URL(entry.originalSource, url).href}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

function mapOf(url: string): SourceMap | undefined {
  if (!maps.has(url)) maps.set(url, readMap(url));
  return maps.get(url);
}

function readMap(url: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${url}.map`), "utf8")));
  } catch {
    // Not a bundle of ours.
    return undefined;
  }
}
