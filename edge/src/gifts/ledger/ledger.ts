import { randomBytes } from "node:crypto";
import type { Logger, Metrics } from "@lianmai/process";
import type { LedgerRules } from "./books.ts";
import { type Command, type Outcome, refused } from "./commands.ts";
import { createForwarder, startForwardServer } from "./forward.ts";
import { ledgerPath } from "./open-ledger.ts";
import type { Role } from "./thread/messages.ts";
import { startWriterThread } from "./thread/writer-thread.ts";

/** The ledger as a process sees it: one process of the machine writes, the others hand their commands to it. */
export interface Ledger {
  /** Resolves once the command is durable, or is refused. Asking again with the same ids is always safe. */
  submit(command: Command): Promise<Outcome>;
  /** Whether this process is the one that writes. */
  isWriter(): boolean;
  /** Called at each change of who writes; and at once. */
  onRole(listener: (isWriter: boolean) => void): void;
  /** Called after each batch that this process wrote. */
  onCommitted(listener: () => void): void;
  stop(): Promise<void>;
}

/** Opens the ledger of `dataDir` and takes part in who writes it. */
export async function startLedger(options: {
  readonly dataDir: string;
  readonly rules: LedgerRules;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): Promise<Ledger> {
  const { dataDir, rules, logger, metrics } = options;
  const batchSeconds = metrics.histogram(
    "lianmai_edge_ledger_batch_seconds",
    "Batches of the ledger: time to write, with the fsync.",
    [0.002, 0.005, 0.01, 0.02, 0.04, 0.1, 0.5, 2],
  );
  const commands = metrics.counter(
    "lianmai_edge_ledger_commands_total",
    "Commands of the ledger by kind and outcome.",
    ["kind", "outcome"],
  );
  metrics.gauge("lianmai_edge_ledger_writer", "1 while this process writes the ledger.", [], (gauge) =>
    gauge.set(Number(isWriter())),
  );
  const roleListeners: ((isWriter: boolean) => void)[] = [];
  const commitListeners: (() => void)[] = [];
  const token = randomBytes(24).toString("base64url");
  const server = await startForwardServer({
    token,
    submit: (command) => (isWriter() ? thread.submit(command) : Promise.resolve(refused("ledger-away"))),
  });
  const thread = startWriterThread({
    settings: { path: ledgerPath(dataDir), rules, me: { address: server.address, token } },
    logger,
    onRole(role) {
      logger.info({ role: role.at }, "the ledger's writer");
      for (const listener of roleListeners) listener(role.at === "writer");
    },
    onBatch({ seconds }) {
      batchSeconds.observe(seconds);
      for (const listener of commitListeners) listener();
    },
  });
  const role = (): Role => thread.role();
  const isWriter = () => role().at === "writer";
  const forwarder = createForwarder(() => {
    const now = role();
    return now.at === "follower" ? now.holder : undefined;
  });
  await thread.started;
  return {
    async submit(command) {
      const outcome = await (isWriter() ? thread : forwarder).submit(command);
      commands.inc({ kind: command.kind, outcome: outcome.ok ? "done" : outcome.code });
      return outcome;
    },
    isWriter,
    onRole(listener) {
      roleListeners.push(listener);
      listener(isWriter());
    },
    onCommitted: (listener) => void commitListeners.push(listener),
    async stop() {
      await thread.stop();
      await server.stop();
    },
  };
}
