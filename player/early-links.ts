import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Chunks a watch page needs at once, by the name of the source file they start from. */
const WATCH_ENTRIES = ["watch-page.svelte", "hls-engine.ts"];

/**
 * Writes `early.json`: the chunks a watch page needs at once. The server names them in the page's `Link` header, so
 * that they are on their way before the page's own script has even been parsed. Shape: `{modules, styles}`, lists of
 * paths.
 */
export function earlyLinks(): Plugin {
  return {
    name: "early-links",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const chunks = Object.values(bundle).filter((item) => item.type === "chunk");
        const wanted = new Set<string>();
        const styles = new Set<string>();
        const visit = (fileName: string): void => {
          const chunk = chunks.find((item) => item.fileName === fileName);
          if (!chunk || wanted.has(fileName) || chunk.isEntry) return;
          wanted.add(fileName);
          for (const style of chunk.viteMetadata?.importedCss ?? []) styles.add(style);
          for (const next of chunk.imports) visit(next);
        };
        for (const chunk of chunks) {
          if (WATCH_ENTRIES.some((name) => chunk.facadeModuleId?.endsWith(`/${name}`))) visit(chunk.fileName);
        }
        const paths = (names: Iterable<string>) => [...names].map((name) => `/${name}`);
        const source = JSON.stringify({ modules: paths(wanted), styles: paths(styles) });
        this.emitFile({ type: "asset", fileName: "early.json", source });
      },
    },
  };
}

const COMPRESSIBLE = /\.(?:js|css|html|svg|json)$/;

/** Writes `.br` and `.gz` beside every text file of the build, for a server that sends them as they are. */
export function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const item of Object.values(bundle)) {
          if (!COMPRESSIBLE.test(item.fileName)) continue;
          const source = Buffer.from(item.type === "chunk" ? item.code : item.source);
          if (source.length < 1024) continue;
          const brotli = brotliCompressSync(source, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
          this.emitFile({ type: "asset", fileName: `${item.fileName}.br`, source: brotli });
          this.emitFile({ type: "asset", fileName: `${item.fileName}.gz`, source: gzipSync(source, { level: 9 }) });
        }
      },
    },
  };
}
