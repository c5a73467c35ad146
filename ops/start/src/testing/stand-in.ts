/** A process of the service in small: listens on its port, and has a child of its own, as ffmpeg would be. */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { runProcess } from "@lianmai/process";

const [name = "", port = "0", mode = ""] = process.argv.slice(2);

await runProcess(name, async ({ logger }) => {
  if (mode === "broken") throw new Error("this one never starts");
  spawn("sleep", ["600"], { stdio: "ignore" });
  if (mode === "deaf") process.removeAllListeners("SIGTERM").on("SIGTERM", () => undefined);
  if (name === "edge") process.send?.({ kind: "admin-password", password: "first-password" });
  const server = createServer((_request, response) => response.end(String(process.pid)));
  await new Promise<void>((resolve) => server.listen(Number(port), "127.0.0.1", resolve));
  logger.info({ port: Number(port) }, "listening");
  return {
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
});
