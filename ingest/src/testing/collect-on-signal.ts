/** Preloaded into the ingest process under test: SIGUSR2 collects garbage, so that its memory can be judged. */
process.on("SIGUSR2", () => globalThis.gc?.());
