/**
 * Preloaded into a process under test, so that its memory can be judged: SIGUSR2 collects garbage on all its threads;
 * SIGHUP also has V8 give back the empty pages that it keeps for itself.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options?: Readonly<Record<string, string>>) => void;
const WORK = {
  SIGUSR2: () => collect(),
  SIGHUP: () => collect({ type: "major", execution: "sync", flavor: "last-resort" }),
} as const;
type Signal = keyof typeof WORK;

const channel = new BroadcastChannel("collect garbage");
channel.onmessage = (message: { readonly data?: unknown }) => WORK[message.data as Signal]();
if (isMainThread) {
  for (const signal of Object.keys(WORK) as Signal[]) {
    process.on(signal, () => {
      channel.postMessage(signal);
      WORK[signal]();
    });
  }
}
// neither a signal nor the channel keeps a thread running; types of the browser know no unref
if ("unref" in channel && typeof channel.unref === "function") channel.unref();
