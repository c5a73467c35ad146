import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "./testing/redis.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "ingest-main-"));
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

/** Runs the process in an empty directory; `until` stops it by SIGTERM when a line of the log says so. */
async function run(settings: Readonly<Record<string, string | number>>, until?: string) {
  const file = join(directory, "test.env");
  const cwd = join(directory, "cwd");
  await mkdir(cwd);
  const all = {
    RTMP_HOST: "127.0.0.1",
    RTMP_PORT: 0,
    INGEST_HTTP_PORT: 0,
    DATA_DIR: join(directory, "data"),
    ...settings,
  };
  await writeFile(
    file,
    Object.entries(all)
      .map(([name, value]) => `${name}=${value}`)
      .join("\n"),
  );
  const child = spawn(process.execPath, [`--env-file=${file}`, MAIN], { cwd, stdio: ["ignore", "pipe", "inherit"] });
  let log = "";
  child.stdout.on("data", (data: Buffer) => {
    log += data.toString();
    if (until && log.includes(until)) child.kill("SIGTERM");
  });
  const [code] = await once(child, "exit");
  const lines = log
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly level: string; readonly msg: string });
  return { code, lines, left: existsSync(join(cwd, "data")) };
}

test.each(["RTMP_PORT", "INGEST_HTTP_PORT"])(
  "a taken %s is one clear line and exit code 1",
  async (setting) => {
    const port = await freePort();
    const other = createServer().listen(port, "127.0.0.1");
    await once(other, "listening");
    const { code, lines } = await run({ [setting]: port });
    other.close();
    expect(code).toBe(1);
    expect(lines.filter(({ level }) => level === "fatal").map(({ msg }) => msg)).toEqual([
      `${setting} ${port} is taken`,
    ]);
  },
  20_000,
);

test("a DATA_DIR that cannot be written is one clear line and exit code 1", async () => {
  const file = join(directory, "a-file");
  await writeFile(file, "");
  const { code, lines } = await run({ DATA_DIR: file });
  expect(code).toBe(1);
  expect(lines.at(-1)?.msg).toContain(`DATA_DIR ${file} cannot be written`);
}, 20_000);

test("asked to stop it exits with 0, and leaves nothing where it was started", async () => {
  const { code, left } = await run({}, "ingest is listening");
  expect(code).toBe(0);
  expect(left).toBe(false);
}, 20_000);
