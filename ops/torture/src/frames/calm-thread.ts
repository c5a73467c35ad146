/** A calm pair on a thread of its own: what keeps the attackers busy is not theirs to notice. */
import { parentPort, workerData } from "node:worker_threads";
import { CalmPair, type CalmReport, type CalmTokens } from "./calm-pair.ts";

/** What the thread is given. */
export interface CalmThreadData {
  readonly room: string;
  readonly url: string;
  readonly tokens: CalmTokens;
}
/** What it is asked for, one at a time. */
export type CalmAsk = "begin" | "stop";
/** What it says: the id of what was placed last, or an answer. */
export type CalmSaid = { readonly placed: string } | { readonly answer: readonly number[] | CalmReport };

const { room, url, tokens } = workerData as CalmThreadData;
const say = (said: CalmSaid) => parentPort?.postMessage(said);
const pair = new CalmPair(room, (placed) => say({ placed }));
await pair.start(url, tokens);
say({ answer: [] });
parentPort?.on("message", async (ask: CalmAsk) => {
  say({ answer: ask === "begin" ? pair.begin() : await pair.stop() });
});
