import { readInstanceId } from "@lianmai/process";

/** Something of the machine is not as the settings say; the message names the setting, fit to print. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** The process's lasting id. Throws {@link StartError}. */
export function instanceIdOrFail(dataDir: string, process: "ingest" | "stage"): string {
  try {
    return readInstanceId(dataDir, process);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError(`DATA_DIR ${dataDir} cannot be written: ${why}`, { cause: error });
  }
}

/** An error of listening, with the setting's name where that helps. */
export function portError(error: NodeJS.ErrnoException, setting: string, port: number): Error {
  if (error.code === "EADDRINUSE") return new StartError(`${setting} ${port} is taken`, { cause: error });
  if (error.code === "EACCES") return new StartError(`${setting} ${port} may not be opened`, { cause: error });
  return error;
}
