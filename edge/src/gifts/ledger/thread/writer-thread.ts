import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { createBackoff, type Logger } from "@lianmai/process";
import { type Command, type Outcome, refused } from "../commands.ts";
import type { FromThread, Role, ThreadSettings, ToThread } from "./messages.ts";

/** Commands that may wait for an answer; beyond it new ones are refused with `ledger-busy`. */
export const MAX_PENDING = 5_000;
/** How long a command waits for its answer. */
const ANSWER_BUDGET_MS = 8_000;
/** How long the thread may take to write what it has and close the file. */
const STOP_BUDGET_MS = 2_000;

/** The writer's thread, kept running. */
export interface WriterThread {
  submit(command: Command): Promise<Outcome>;
  role(): Role;
  /** Resolves at the first role. */
  readonly started: Promise<void>;
  stop(): Promise<void>;
}

/** Starts the thread; one that dies is started again, and what it owed is answered with `ledger-away`. */
export function startWriterThread(options: {
  readonly settings: ThreadSettings;
  readonly logger: Logger;
  readonly onRole: (role: Role) => void;
  readonly onBatch: (batch: { readonly commands: number; readonly seconds: number }) => void;
}): WriterThread {
  const { settings, logger, onRole, onBatch } = options;
  const backoff = createBackoff({ minMs: 100, maxMs: 5_000 });
  const started = Promise.withResolvers<void>();
  const pending = new Map<number, { answer: (outcome: Outcome) => void; atMs: number }>();
  let collected: { id: number; command: Command }[] = [];
  let nextId = 0;
  let role: Role = { at: "nobody" };
  let worker: Worker;
  let restarting: NodeJS.Timeout | undefined;
  let isStopping = false;

  const answer = (id: number, outcome: Outcome) => {
    pending.get(id)?.answer(outcome);
    pending.delete(id);
  };
  const handlers = {
    role: (message: FromThread & { kind: "role" }) => {
      role = message.role;
      backoff.reset();
      started.resolve();
      onRole(role);
    },
    outcomes: ({ outcomes, seconds }: FromThread & { kind: "outcomes" }) => {
      for (const { id, outcome } of outcomes) answer(id, outcome);
      onBatch({ commands: outcomes.length, seconds });
    },
    fault: ({ reason }: FromThread & { kind: "fault" }) => logger.error({ reason }, "the ledger could not write"),
  };
  const start = () => {
    worker = new Worker(new URL("./main.ts", import.meta.url), { workerData: settings });
    worker.on("message", (message: FromThread) => handlers[message.kind](message as never));
    worker.on("error", (error) => logger.error({ err: error }, "the ledger's writer failed"));
    worker.once("exit", () => {
      role = { at: "nobody" };
      for (const id of pending.keys()) answer(id, refused("ledger-away"));
      onRole(role);
      if (!isStopping) restarting = setTimeout(start, backoff.next());
    });
  };
  const send = (message: ToThread) => worker.postMessage(message);
  const sendCollected = () => {
    const requests = collected;
    collected = [];
    send({ kind: "commands", requests });
  };
  // entries stand in the order of their age
  const overdue = setInterval(() => {
    for (const [id, { atMs }] of pending) {
      if (performance.now() - atMs < ANSWER_BUDGET_MS) break;
      answer(id, refused("ledger-away"));
    }
  }, 1_000).unref();
  start();
  return {
    started: started.promise,
    role: () => role,
    submit(command) {
      if (isStopping) return Promise.resolve(refused("ledger-away"));
      if (pending.size >= MAX_PENDING) return Promise.resolve(refused("ledger-busy"));
      const id = nextId++;
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      pending.set(id, { answer: resolve, atMs: performance.now() });
      if (collected.push({ id, command }) === 1) setImmediate(sendCollected);
      return promise;
    },
    async stop() {
      isStopping = true;
      clearInterval(overdue);
      clearTimeout(restarting);
      if (worker.threadId === -1) return;
      const gone = once(worker, "exit");
      if (collected.length > 0) sendCollected();
      send({ kind: "stop" });
      const tooLong = setTimeout(() => void worker.terminate(), STOP_BUDGET_MS);
      await gone;
      clearTimeout(tooLong);
    },
  };
}
