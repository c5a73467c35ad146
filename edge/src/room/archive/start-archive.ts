import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { openDatabase } from "../../storage/database.ts";
import type { Archive, ArchiveOperations } from "./archive.ts";
import type { ArchiveAnswer, ArchiveCall } from "./archive-thread.ts";

/** Calls that may wait for a thread; more are refused. */
const MAX_WAITING = 5_000;

/** The archive on threads: changes on one, reading on another, so that a search holds up no commit. */
export interface RunningArchive extends Archive {
  /** Resolves once both threads have opened the file; calls may come before. */
  readonly opened: Promise<void>;
  /** Waits for calls under way and ends the threads. */
  stop(): Promise<void>;
}

/** Names that only read. */
const READS = new Set<keyof Archive>(["newest", "range", "cuts", "find", "before", "after", "recent"]);

/** Opens (or makes) the archive's file on threads of its own. `onFailure` hears of a thread that died, `onRead` of reads. */
export function startArchive(
  path: string,
  options: { readonly onFailure: (error: Error) => void; readonly onRead: (name: keyof Archive) => void },
): RunningArchive {
  // what is one file for two threads is made by neither: turning on the write-ahead log waits for nobody
  if (!existsSync(path)) openDatabase(path).close();
  const writer = startThread(path, options.onFailure);
  const reader = startThread(path, options.onFailure);
  const opened = Promise.all([writer.ready, reader.ready]).then(() => undefined);
  opened.catch(() => undefined);
  const operation =
    (name: keyof ArchiveOperations) =>
    (...args: readonly unknown[]) => {
      if (!READS.has(name)) return writer.call(name, args);
      options.onRead(name);
      return reader.call(name, args);
    };
  const names: (keyof Archive)[] = ["write", "close", "expire", ...READS];
  return {
    opened,
    ...(Object.fromEntries(names.map((name) => [name, operation(name)])) as unknown as Archive),
    async stop() {
      await Promise.all([writer.stop(), reader.stop()]);
    },
  };
}

function startThread(path: string, onFailure: (error: Error) => void) {
  const worker = new Worker(new URL("./archive-thread.ts", import.meta.url), { workerData: { path } });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const ready = Promise.withResolvers<unknown>();
  waiting.set(0, ready);
  let lastId = 0;
  const failAll = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on("message", (answer: ArchiveAnswer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ("failure" in answer) call?.reject(new Error(`archive: ${answer.failure}`));
    else call?.resolve(answer.result);
  });
  worker.on("error", (error: Error) => {
    failAll(error);
    onFailure(error);
  });
  worker.on("exit", () => failAll(new Error("the archive has stopped")));
  return {
    ready: ready.promise,
    call(name: keyof ArchiveOperations, args: readonly unknown[]): Promise<unknown> {
      if (waiting.size >= MAX_WAITING) return Promise.reject(new Error("the archive is behind"));
      lastId += 1;
      const call = Promise.withResolvers<unknown>();
      waiting.set(lastId, call);
      worker.postMessage({ id: lastId, name, args } satisfies ArchiveCall);
      return call.promise;
    },
    async stop() {
      await Promise.allSettled([...waiting.values()].map(({ promise }) => promise));
      await worker.terminate();
    },
  };
}
