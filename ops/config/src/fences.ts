import { glob, readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";

/**
 * Packages that a workspace is built of rather than talks to: they may be imported anywhere.
 * Every other package is imported in one file, where it can be replaced.
 */
const BUILDING_MATERIAL = new Set([
  "typebox",
  "fastify",
  "svelte",
  "sv-router",
  "bits-ui",
  "@lucide/svelte",
  "vite",
  "vitest",
]);

const SOURCES = ["{ingest,transcode,edge,player}/src/**/*.{ts,svelte}", "ops/{process,start}/src/**/*.ts"];
const IMPORT = /(?:^|[\s;}])(?:import|export)\s(?:[^"';]*?\sfrom\s)?\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;

/** Names each vendor package that more than one file of the product imports, with those files. */
export async function findBreaches(root: string): Promise<string[]> {
  const importers = new Map<string, Set<string>>();
  for (const pattern of SOURCES) {
    for await (const file of glob(pattern, { cwd: root })) {
      if (file.includes(".test.") || file.endsWith(".d.ts") || file.includes("/testing/")) continue;
      const text = await readFile(join(root, file), "utf8");
      for (const name of vendorPackages(text)) {
        const files = importers.get(name) ?? new Set();
        importers.set(name, files.add(file));
      }
    }
  }
  return [...importers]
    .filter(([name, files]) => files.size > 1 && !BUILDING_MATERIAL.has(name))
    .map(([name, files]) => `${name} must be imported in one file, but is in: ${[...files].sort().join(", ")}`)
    .sort();
}

/** Names of the packages from outside this repository that a source text imports. */
export function vendorPackages(text: string): Set<string> {
  const names = new Set<string>();
  for (const [, from, dynamic] of text.matchAll(IMPORT)) {
    const specifier = from ?? dynamic ?? "";
    if (/^[./$#]/.test(specifier) || isBuiltin(specifier) || specifier.startsWith("@lianmai/")) continue;
    names.add(
      specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/"),
    );
  }
  return names;
}
