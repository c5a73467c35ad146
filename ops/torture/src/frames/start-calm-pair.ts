import { Worker } from "node:worker_threads";
import type { CalmReport } from "./calm-pair.ts";
import type { CalmAsk, CalmSaid, CalmThreadData } from "./calm-thread.ts";

/** A pair that talks. */
export interface RunningPair {
  /** Id of something that was said and placed lately. */
  lastCid(): string;
  /** Takes the delays so far; the next are of what comes now. */
  begin(): Promise<readonly number[]>;
  /** Lets them hear the rest and leave. */
  stop(): Promise<CalmReport>;
  /** Ends the thread. */
  end(): Promise<unknown>;
}

/** Starts a pair on a thread; resolves once both are in the room. */
export async function startCalmPair(data: CalmThreadData): Promise<RunningPair> {
  const thread = new Worker(new URL("./calm-thread.ts", import.meta.url), { workerData: data });
  let last = "";
  let waiting = Promise.withResolvers<unknown>();
  thread.on("error", (error) => waiting.reject(error));
  thread.on("message", (said: CalmSaid) => {
    if ("placed" in said) last = said.placed;
    else waiting.resolve(said.answer);
  });
  const ask = (what: CalmAsk) => {
    waiting = Promise.withResolvers();
    thread.postMessage(what);
    return waiting.promise;
  };
  await waiting.promise;
  return {
    lastCid: () => last,
    begin: () => ask("begin") as Promise<readonly number[]>,
    stop: () => ask("stop") as Promise<CalmReport>,
    end: () => thread.terminate(),
  };
}
