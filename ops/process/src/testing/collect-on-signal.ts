/** Preloaded into a process under test: SIGUSR2 collects garbage, so that its memory can be judged. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
process.on("SIGUSR2", collect);
