/**
 * Bundles the service into the folder named by the first argument: a module of each entry, holding what it imports,
 * and chunks of what several entries share. Node finds, reads and compiles a few files faster than a thousand.
 */
import { basename, dirname, join, relative } from "node:path";
import { rolldown } from "rolldown";
import { rootDir } from "./run.mjs";
import { SERVICE_ENTRIES } from "./service-entries.mjs";

/** Packages that look for their binaries beside themselves stay where they are. */
const NATIVE = [/^node-av(\/|$)/, /^node-datachannel$/, /^@node-rs\/argon2$/, /^sharp$/, /^@napi-rs\/canvas$/];

/** From every file of a bundle to the checkout: `.runtime/services/HASH/WORKSPACE/FILE`. */
const TO_ROOT = "../../../..";
/** What a chunk calls its own folder, for modules that have no `import.meta`. */
const CHUNK_FOLDER = "__chunkFolder";

/** What tells a module where it is; a TypeScript file by its URL is an entry that is started. */
const PLACE = /\bnew URL\(\s*"([^"]+\.ts)",\s*import\.meta\.url\s*\)|\bimport\.meta\.url\b|\b__dirname\b/g;

async function bundle(input, dir) {
  const build = await rolldown({
    cwd: rootDir,
    input,
    platform: "node",
    external: NATIVE,
    plugins: [keepPlaces(input), mapOnlyOurs],
  });
  await build.write({
    dir,
    format: "esm",
    sourcemap: true,
    sourcemapExcludeSources: true,
    banner: `const ${CHUNK_FOLDER} = import.meta.dirname;`,
    entryFileNames: "[name].mjs",
    chunkFileNames: "[name]-[hash].mjs",
  });
  await build.close();
}

/**
 * Lets modules find what lies beside their sources (SQL, Lua, pictures), which stays there, and the entries where they
 * are in the bundle. Nothing moves to another line, so the lines of the source maps are right without a map of this.
 */
function keepPlaces(input) {
  const names = new Map(Object.entries(input).map(([name, path]) => [path, name]));
  return {
    name: "keep-places",
    transform: {
      filter: { code: /\bimport\.meta\.url\b|\b__dirname\b/ },
      handler(code, id) {
        const path = relative(rootDir, id);
        const places = code.replace(PLACE, (found, wanted) => {
          if (found === "__dirname")
            return JSON.stringify(`/${TO_ROOT}/${dirname(path)}`).replace(/^/, `${CHUNK_FOLDER} + `);
          if (wanted === undefined) return `new URL(${JSON.stringify(`${TO_ROOT}/${path}`)}, import.meta.url).href`;
          const name = names.get(join(dirname(path), wanted));
          if (name === undefined) throw new Error(`${path} starts ${wanted}: name it in service-entries.mjs`);
          return `new URL("./${name}.mjs", import.meta.url)`;
        });
        return { code: places, map: null };
      },
    },
  };
}

/** Leaves the packages out of the source maps: a map is read whole, at the first error, while viewers wait. */
const mapOnlyOurs = {
  name: "map-only-ours",
  transform: {
    filter: { id: /\/node_modules\// },
    handler: (code) => ({ code, map: { mappings: "" } }),
  },
};

for (const workspace of new Set(Object.keys(SERVICE_ENTRIES).map(dirname))) {
  const entries = Object.entries(SERVICE_ENTRIES).filter(([name]) => dirname(name) === workspace);
  await bundle(
    Object.fromEntries(entries.map(([name, path]) => [basename(name), path])),
    join(process.argv[2], workspace),
  );
}
