import { runCommand } from "./run-command.ts";
import { serviceSpecs } from "./services.ts";

process.exitCode = await runCommand(process.argv.slice(2), serviceSpecs);
if (process.connected) process.disconnect();
