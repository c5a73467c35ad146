import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** Safety limits only: no test asserts a time. Real encoders and browsers on a busy machine need room. */
const limits = { testTimeout: 60_000, hookTimeout: 60_000 };

/** The servers' parts, the player's parts, and the whole service end to end, one file at a time. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    // Many files run real encoders, servers and browsers: side by side they would starve each other.
    maxWorkers: 1,
    projects: [
      {
        extends: true,
        test: {
          name: "parts",
          include: ["{ingest,transcode,edge}/**/*.test.ts", "ops/{process,start,config,docs,bench}/**/*.test.ts"],
          ...limits,
        },
      },
      {
        extends: true,
        plugins: [svelte({ configFile: false })],
        test: { name: "player", include: ["player/**/*.test.ts"], ...limits },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["ops/{e2e,torture}/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
