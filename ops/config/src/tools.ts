import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout's root folder. */
export const rootDir: string = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

/** What a tool said and how it ended. */
export interface ToolResult {
  readonly code: number;
  readonly output: string;
}

/** Runs a tool of `node_modules/.bin` in a checkout; `live` shows its output as it comes. */
export function runTool(
  name: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly live?: boolean } = {},
): Promise<ToolResult> {
  const { cwd = rootDir, live = false } = options;
  const { promise, resolve, reject } = Promise.withResolvers<ToolResult>();
  const child = spawn(join(rootDir, "node_modules/.bin", name), [...args], {
    cwd,
    stdio: live ? "inherit" : ["ignore", "pipe", "pipe"],
    env: live ? process.env : { ...process.env, NO_COLOR: "1" },
  });
  const chunks: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.once("error", reject);
  child.once("close", (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() }));
  return promise;
}
