/** The ledger's writer, in a thread of its own: an fsync must not hold up anything else. */
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "@lianmai/process";
import { createApply } from "../apply.ts";
import { BUILT_IN_GIFTS } from "../built-in-gifts.ts";
import { createCatalogues } from "../catalogue.ts";
import { type Command, refused } from "../commands.ts";
import { createLease } from "../lease.ts";
import { openLedger } from "../open-ledger.ts";
import { LeaseLost, writeBatch } from "../write-batch.ts";
import { createBatches } from "./batches.ts";
import type { FromThread, Role, ThreadSettings, ToThread } from "./messages.ts";

/** How often a writer tidies and renews, and a follower tries to take over. */
const TICK_MS = 250;
const CACHE_KB = 65_536;
const CHECKPOINT_PAGES = 8_000;

const port = parentPort;
if (!port) throw new Error("runs as a thread only");
const { path, rules, me } = workerData as ThreadSettings;
const database = openLedger(path);
// a busy ledger does not fit into the usual 2 MB, and carrying the log over is what batches wait for
database.script(`PRAGMA cache_size = -${CACHE_KB}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
const lease = createLease(database, { me, nowMs: systemClock.wallMs });
const openBooks = () => createApply(database, { rules, clock: systemClock });
let apply = openBooks();
const catalogues = createCatalogues(database);
const tell = (message: FromThread) => port.postMessage(message);
const onFault = (error: unknown) => tell({ kind: "fault", reason: String(error) });

let role: Role = { at: "nobody" };
const become = (next: Role) => {
  if (JSON.stringify(next) === JSON.stringify(role)) return;
  role = next;
  tell({ kind: "role", role });
};

const write = (commands: readonly Command[]) => {
  if (role.at !== "writer") return commands.map(() => refused("ledger-away"));
  try {
    return writeBatch(database, commands, { apply, lease, epoch: role.epoch, onFault });
  } catch (error) {
    onFault(error);
    apply = openBooks();
    if (error instanceof LeaseLost) become({ at: "nobody" });
    return commands.map(() => refused("ledger-away"));
  }
};

const batches = createBatches<{ readonly id: number; readonly command: Command }>({
  monotonicMs: systemClock.monotonicMs,
  run(requests) {
    const startedMs = systemClock.monotonicMs();
    const outcomes = write(requests.map(({ command }) => command));
    tell({
      kind: "outcomes",
      outcomes: requests.map(({ id }, at) => ({ id, outcome: outcomes[at] ?? refused("ledger-away") })),
      seconds: (systemClock.monotonicMs() - startedMs) / 1_000,
    });
  },
});

const follow = () => {
  const epoch = lease.take();
  if (epoch !== undefined) {
    apply = openBooks();
    become({ at: "writer", epoch });
    if (catalogues.newest().version === 0) {
      write([{ kind: "catalogue", askedBy: "system", replaces: 0, gifts: BUILT_IN_GIFTS }]);
    }
    return;
  }
  const holder = lease.holder();
  become(holder ? { at: "follower", holder } : { at: "nobody" });
};

const tick = () => {
  try {
    if (role.at === "writer") write([{ kind: "tidy" }]);
    else follow();
  } catch (error) {
    // another process holds the file's lock for long: try again at the next tick
    onFault(error);
  }
};

port.on("message", (message: ToThread) => {
  if (message.kind === "commands") return batches.push(message.requests);
  clearInterval(ticking);
  batches.flush();
  if (role.at === "writer") lease.release(role.epoch);
  database.close();
  port.close();
});
const ticking = setInterval(tick, TICK_MS);
tick();
