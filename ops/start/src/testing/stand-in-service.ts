/** The start command with stand-ins for the three processes; `STAND_IN_MODE=ingest:broken` changes one. */
import { fileURLToPath } from "node:url";
import { runCommand } from "../run-command.ts";

const [changed, mode = ""] = (process.env.STAND_IN_MODE ?? "").split(":");
const PORTS = { ingest: "INGEST_HTTP_PORT", transcode: "TRANSCODE_HTTP_PORT", edge: "HTTP_PORT" } as const;

process.exitCode = await runCommand(process.argv.slice(2), (env) =>
  Object.entries(PORTS).map(([name, setting]) => ({
    name,
    file: process.execPath,
    args: [
      fileURLToPath(new URL("./stand-in.ts", import.meta.url)),
      name,
      env[setting] ?? "0",
      changed === name ? mode : "",
    ],
    env,
    ready: "message",
  })),
);
if (process.connected) process.disconnect();
