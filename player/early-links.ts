import { createHash } from "node:crypto";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Chunks a watch page needs at once, by the name of the source file they start from. */
const WATCH_ENTRIES = ["watch-page.svelte", "hls-engine.ts"];

/**
 * Puts a small script of its own file into the page's head that, on a watch page, asks for the multivariant
 * playlist, the room and the player's chunks before the application's script has even been parsed.
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
        const source = script([...wanted], [...styles]);
        const fileName = `assets/early-${createHash("sha256").update(source).digest("base64url").slice(0, 8)}.js`;
        this.emitFile({ type: "asset", fileName, source });
        const page = bundle["index.html"];
        if (page?.type !== "asset") throw new Error("early-links needs index.html in the bundle");
        page.source = String(page.source).replace("<!-- early-links -->", `<script async src="/${fileName}"></script>`);
      },
    },
  };
}

function script(modules: readonly string[], styles: readonly string[]): string {
  return `(function(){var m=/^\\/(?:r\\/)?([a-z0-9-]+)$/.exec(location.pathname);if(!m||/^\\/(host|sign-in)$/.test(m[0]))return;
function l(r,h,a){var e=document.createElement("link");e.rel=r;e.href=h;if(a){e.as=a;e.crossOrigin="anonymous"}document.head.appendChild(e)}
l("preload","/live/"+m[1]+"/index.m3u8","fetch");l("preload","/api/v1/rooms/"+m[1],"fetch");
${JSON.stringify(modules)}.forEach(function(f){l("modulepreload","/"+f)});${JSON.stringify(styles)}.forEach(function(f){l("preload","/"+f,"style")})})()`;
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
