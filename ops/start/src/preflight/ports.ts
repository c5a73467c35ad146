import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { findPortOwner } from "./port-owner.ts";
import { PreflightError } from "./problem.ts";

/** A port the service is about to use, and the setting that names it. */
export interface WantedPort {
  readonly setting: string;
  readonly host: string;
  readonly port: number;
}

const RETRY_MS = 200;

/**
 * Checks that every port can be listened on; waits up to `patienceMs` for one that is being given up.
 * Port 0 (any) always fits. Throws {@link PreflightError} naming the port, its holder and the setting.
 */
export async function checkPorts(
  wanted: readonly WantedPort[],
  options: { readonly patienceMs: number },
): Promise<void> {
  const used = new Map<number, string>();
  for (const { setting, port } of wanted) {
    const other = used.get(port);
    if (port !== 0 && other)
      throw new PreflightError(`${other} and ${setting} are both ${port}: give one of them another port.`);
    used.set(port, setting);
  }
  const untilMs = performance.now() + options.patienceMs;
  for (const port of wanted) {
    if (port.port !== 0) await checkPort(port, untilMs);
  }
}

async function checkPort(wanted: WantedPort, untilMs: number): Promise<void> {
  for (;;) {
    const code = await tryListen(wanted);
    if (code === undefined) return;
    if (code !== "EADDRINUSE" || performance.now() >= untilMs) throw await explain(wanted, code);
    await sleep(RETRY_MS);
  }
}

async function explain({ setting, host, port }: WantedPort, code: string): Promise<PreflightError> {
  if (code === "EACCES") {
    return new PreflightError(
      `Port ${port} (${setting}) needs more rights than this user has: set ${setting} to one above 1023.`,
    );
  }
  if (code !== "EADDRINUSE") {
    return new PreflightError(
      `Cannot listen on ${host}:${port} (${setting}): ${code}. Check the address and ${setting}.`,
    );
  }
  const owner = await findPortOwner(port);
  const by = owner ? ` by ${owner}` : "";
  return new PreflightError(
    `Port ${port} is taken${by}: stop that, or choose another, e.g. ${setting}=${port + 1} npm start`,
  );
}

/** Error code of a listen attempt; undefined when it went well. */
function tryListen({ host, port }: WantedPort): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
