import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { earlyLinks, precompress } from "./early-links.ts";

/** Where `vite dev` finds the edge. */
const edge = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [svelte(), earlyLinks(), precompress()],
  server: { proxy: { "/api": edge, "/live": edge } },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 2048,
    cssCodeSplit: false,
    rolldownOptions: {
      // An import that is not installed would be left to the browser, which knows nothing of packages.
      onLog(level, log, standard) {
        standard(log.code === "UNRESOLVED_IMPORT" ? "error" : level, log);
      },
    },
  },
});
