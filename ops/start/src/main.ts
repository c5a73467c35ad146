import { ensureServices } from "../setup/service-build.mjs";
import { runCommand } from "./run-command.ts";
import { serviceSpecs } from "./services.ts";

// the set-up has bundled them already, unless this was started without it
const folder = await ensureServices(process.execPath, process.env);
process.exitCode = await runCommand(process.argv.slice(2), (env) => serviceSpecs(env, folder));
if (process.connected) process.disconnect();
