import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SERVICE_ENTRIES } from "../setup/service-entries.mjs";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const COPIED = ["ingest", "transcode", "edge", "ops/process", "ops/start", "package-lock.json", "package.json"];
const OWN_PACKAGES = { ingest: "ingest", transcode: "transcode", edge: "edge", process: "ops/process" };

let root: string;
let first: string;

/** A checkout of its own, whose sources may be changed; the packages are the real ones. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lianmai-bundle-"));
  for (const path of COPIED) await cp(join(repository, path), join(root, path), { recursive: true });
  await mkdir(join(root, "node_modules/@lianmai"), { recursive: true });
  for (const name of await readdir(join(repository, "node_modules"))) {
    if (name !== "@lianmai") await symlink(join(repository, "node_modules", name), join(root, "node_modules", name));
  }
  for (const [name, path] of Object.entries(OWN_PACKAGES)) {
    await symlink(join(root, path), join(root, "node_modules/@lianmai", name));
  }
  const built = await ensure();
  expect(built.said).toBe("lianmai: bundling the service\n");
  first = built.folder;
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** The set-up step as the bootstrap of that checkout takes it. */
async function ensure(): Promise<{ readonly folder: string; readonly said: string }> {
  const step = `import(${JSON.stringify(join(root, "ops/start/setup/service-build.mjs"))})
    .then(({ ensureServices }) => ensureServices(process.execPath, process.env)).then(console.log)`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--eval", step]);
  return { folder: stdout.trim(), said: stderr };
}

async function change(path: string, from: string | RegExp, to: string): Promise<string> {
  const text = await readFile(join(root, path), "utf8");
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  await writeFile(join(root, path), changed);
  return changed;
}

const lineOf = (text: string, part: string) => text.split("\n").findIndex((line) => line.includes(part)) + 1;

it("holds every process and thread, and no second start makes it again", async () => {
  for (const name of Object.keys(SERVICE_ENTRIES)) expect(existsSync(join(first, `${name}.mjs`)), name).toBe(true);
  expect(await ensure()).toEqual({ folder: first, said: "" });
});

it("is made again when a source changes; stack traces name the source", async () => {
  const text = await change("edge/src/storage/migrate.ts", "const applied: number[] = [];", "$&\n  fail();");
  await writeFile(
    join(root, "edge/src/storage/migrate.ts"),
    `${text}\nfunction fail(): never { throw new Error("as asked"); }\n`,
  );
  const mixer = await change("transcode/src/mixer/main.ts", /^listenForParent/m, 'throw new Error("as asked");\n$&');
  const { folder, said } = await ensure();
  expect(said).toContain("bundling");
  expect(folder).not.toBe(first);
  await expect(promisify(execFile)(process.execPath, [join(folder, "transcode/mixer.mjs")])).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`transcode/src/mixer/main.ts:${lineOf(mixer, "as asked")}:`),
  });
  const env = {
    PATH: process.env.PATH,
    DATA_DIR: join(root, "data"),
    REDIS_URL: "redis://127.0.0.1:1",
    HTTP_PORT: "0",
  };
  const edge = promisify(execFile)(process.execPath, [join(folder, "edge/main.mjs")], { env });
  const { stdout } = await edge.then(
    () => ({ stdout: "" }),
    (error: { readonly stdout: string }) => error,
  );
  const { err } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}");
  expect(err.message).toBe("as asked");
  expect(err.stack).toContain(`edge/src/storage/migrate.ts:${lineOf(text, "  fail();")}:`);
  expect(err.stack).toContain("edge/src/create-edge.ts:");
  expect(err.stack).not.toContain(".mjs:");
});

it("leaves what a running service was started from, and removes what nobody uses", async () => {
  const [unused, used] = [join(root, ".runtime/services/unused"), join(root, ".runtime/services/used")];
  for (const folder of [unused, used]) {
    await mkdir(folder);
    await utimes(folder, 0, 0);
  }
  const service: ChildProcess = spawn(process.execPath, [
    "--eval",
    "process.stdin.resume()",
    join(used, "edge/main.mjs"),
  ]);
  try {
    await change("edge/src/main.ts", /^/, "// changed\n");
    await ensure();
    expect([existsSync(first), existsSync(used), existsSync(unused)]).toEqual([true, true, false]);
  } finally {
    service.kill();
  }
});

it("is refused, and nothing is left of it, when a thread would be started from its source", async () => {
  await change("edge/src/main.ts", /$/, 'new URL("./thread.ts", import.meta.url);\n');
  await expect(ensure()).rejects.toThrow(/edge\/src\/main.ts starts .\/thread.ts: name it in service-entries.mjs/);
  expect((await readdir(join(root, ".runtime/services"))).filter((name) => name.includes("."))).toEqual([]);
});
