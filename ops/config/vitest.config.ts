import { defineConfig } from "vitest/config";

/** Safety limits only: no test asserts a time. Real encoders and browsers on a busy machine need room. */
const limits = { testTimeout: 60_000, hookTimeout: 60_000 };

/** Two projects: everything beside its source, and the whole service end to end, one file at a time. */
export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  test: {
    maxWorkers: 2,
    reporters: ["default"],
    projects: [
      {
        extends: true,
        test: {
          name: "parts",
          include: [
            "{ingest,transcode,edge,player}/**/*.test.ts",
            "ops/{process,start,config,docs,bench}/**/*.test.ts",
          ],
          ...limits,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["ops/e2e/**/*.test.ts"],
          fileParallelism: false,
          ...limits,
          testTimeout: 600_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
