import { setTimeout as sleep } from "node:timers/promises";
import { Child, type ChildReporter } from "./child.ts";
import type { ChildSpec } from "./spawn-child.ts";

/** How a group is stopped: each child is asked after the one started later had `staggerMs` to go. */
interface StopBudget {
  readonly staggerMs: number;
  readonly totalMs: number;
}

/** Children that start together, once the groups before them serve. */
interface Group {
  readonly children: readonly Child[];
  readonly stop: StopBudget;
}

/** Starts groups of children in order, keeps them running, and stops them in reverse. */
export class Supervisor {
  readonly #reporter: ChildReporter;
  readonly #groups: Group[] = [];
  #stopping: Promise<void> | undefined;

  constructor(options: { readonly reporter: ChildReporter }) {
    this.#reporter = options.reporter;
  }

  /** All children, in the order of their start. */
  get children(): readonly Child[] {
    return this.#groups.flatMap((group) => group.children);
  }

  /** Starts a group; resolves when all of it serves. Rejects with the first child's StartError. */
  async startGroup(specs: readonly ChildSpec[], stop: StopBudget): Promise<void> {
    if (this.#stopping !== undefined) return;
    const children = specs.map((spec) => new Child(spec, { reporter: this.#reporter }));
    this.#groups.push({ children, stop });
    await Promise.all(children.map((child) => child.start()));
  }

  /** Stops everything in reverse order; what exceeds its budget is killed. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    for (const group of this.#groups.toReversed()) await stopGroup(group, this.#reporter);
  }
}

async function stopGroup(group: Group, reporter: ChildReporter): Promise<void> {
  const { staggerMs, totalMs } = group.stop;
  const endsAtMs = performance.now() + totalMs;
  const leaving: Promise<void>[] = [];
  for (const child of group.children.toReversed()) {
    const gone = child.stop();
    leaving.push(gone);
    await within(gone, Math.min(staggerMs, endsAtMs - performance.now()));
  }
  const all = Promise.all(leaving).then(() => undefined);
  if (await within(all, endsAtMs - performance.now())) return;
  for (const child of group.children) {
    if (child.state !== "stopping") continue;
    reporter.event("warn", child.spec.name, "did not stop in time, killing it");
    child.kill();
  }
  await all;
}

/** Whether `work` ends within the given time. */
async function within(work: Promise<void>, budgetMs: number): Promise<boolean> {
  if (budgetMs <= 0) return false;
  const controller = new AbortController();
  const late = sleep(budgetMs, false, { signal: controller.signal }).catch(() => false);
  const done = await Promise.race([work.then(() => true), late]);
  controller.abort();
  return done;
}
