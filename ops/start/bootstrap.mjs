/**
 * Set-up before every command, on any Node from 20: a new enough Node, the locked packages, the
 * Debian packages, the builds of the player and of the service; each only when missing. Then the command itself, on
 * that Node.
 */
import { delimiter, dirname, join } from "node:path";
import { ensureDependencies } from "./setup/dependencies.mjs";
import { ensureNode } from "./setup/node-runtime.mjs";
import { ensurePlayer } from "./setup/player-build.mjs";
import { rootDir, run, SetupError, say, signalCurrent } from "./setup/run.mjs";
import { ensureServices } from "./setup/service-build.mjs";
import { ensureFonts, ensureSystemPackages } from "./setup/system-packages.mjs";

const service = process.env.REDIS_URL ? ["ffmpeg"] : ["ffmpeg", "redis-server"];
const everything = ["ffmpeg", "redis-server", "chromium-headless-shell"];

const commands = {
  start: { packages: service, builds: true, entry: "ops/start/src/main.ts" },
  test: { packages: everything, builds: true, entry: "ops/config/src/test.ts" },
  check: { packages: [], builds: false, entry: "ops/config/src/check.ts" },
  bench: { packages: everything, builds: true, entry: "ops/bench/src/main.ts" },
  torture: { packages: everything, builds: true, entry: "ops/torture/src/main.ts" },
  reconcile: { packages: [], builds: false, entry: "edge/src/gifts/reconcile/main.ts" },
  "verify-audit": { packages: [], builds: false, entry: "ops/start/src/verify-audit.ts" },
  fix: { packages: [], builds: false, entry: "ops/config/src/fix.ts" },
};

let stopping;
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(name, () => {
    stopping = name === "SIGINT" ? 130 : 143;
    signalCurrent(name === "SIGHUP" ? "SIGTERM" : name);
  });
}

/** Runs one set-up step, unless a signal has asked to stop. */
async function step(work) {
  if (stopping) process.exit(stopping);
  const result = await work();
  if (stopping) process.exit(stopping);
  return result;
}

async function main([name = "", ...args]) {
  const command = commands[name];
  if (!command) throw new SetupError(`unknown command "${name}"; there are: ${Object.keys(commands).join(", ")}`);
  const node = await step(ensureNode);
  const path = [dirname(node), join(rootDir, "node_modules/.bin"), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path };
  await step(() => ensureDependencies(env));
  await step(() => ensureSystemPackages(command.packages));
  if (command.packages.length > 0) await step(ensureFonts);
  if (command.builds) {
    await step(() => ensurePlayer(env));
    await step(() => ensureServices(node, env));
  }
  const flags = ["--disable-warning=ExperimentalWarning"];
  return run(node, [...flags, join(rootDir, command.entry), ...args], { env, link: true });
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    if (stopping) process.exit(stopping);
    say(error instanceof SetupError ? error.message : (error.stack ?? String(error)));
    process.exit(1);
  },
);
