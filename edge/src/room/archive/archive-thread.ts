/** A thread that holds the archive's file open and does one operation after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { openDatabase } from "../../storage/database.ts";
import type { ArchiveOperations } from "./archive.ts";
import { openArchive } from "./stored-archive.ts";

/** A call to the thread. */
export interface ArchiveCall {
  readonly id: number;
  readonly name: keyof ArchiveOperations;
  readonly args: readonly unknown[];
}
/** Its answer. */
export type ArchiveAnswer = { readonly id: number } & ({ readonly result: unknown } | { readonly failure: string });

const database = openDatabase(workerData.path);
const archive = openArchive(database);
parentPort?.on("message", ({ id, name, args }: ArchiveCall) => {
  parentPort?.postMessage(answer(id, name, args));
});
parentPort?.postMessage({ id: 0, result: "ready" } satisfies ArchiveAnswer);

function answer(id: number, name: keyof ArchiveOperations, args: readonly unknown[]): ArchiveAnswer {
  try {
    const operation = archive[name] as (...values: readonly unknown[]) => unknown;
    return { id, result: operation(...args) };
  } catch (error) {
    return { id, failure: error instanceof Error ? error.message : String(error) };
  }
}
