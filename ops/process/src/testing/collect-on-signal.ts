/** Preloaded into a process under test: SIGUSR2 collects garbage on all its threads, so that its memory can be judged. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const channel = new BroadcastChannel("collect garbage");
channel.onmessage = collect;
if (isMainThread) {
  process.on("SIGUSR2", () => {
    channel.postMessage("now");
    collect();
  });
}
// neither a signal nor the channel keeps a thread running; types of the browser know no unref
if ("unref" in channel && typeof channel.unref === "function") channel.unref();
