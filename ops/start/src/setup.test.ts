import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { matches } from "../setup/dependencies.mjs";
import { hashSources } from "../setup/hash-sources.mjs";
import { isNewEnough } from "../setup/node-runtime.mjs";
import { ensureFonts, ensureSystemPackages } from "../setup/system-packages.mjs";

const bootstrap = fileURLToPath(new URL("../bootstrap.mjs", import.meta.url));

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "lianmai-setup-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe("the Node to run on", () => {
  it.each([
    ["v20.20.2", false],
    ["v24.2.0", false],
    ["v24.3.0", true],
    ["v24.21.0", true],
    ["v26.0.0", true],
  ])("%s: %s", (version, enough) => expect(isNewEnough(version)).toBe(enough));
});

describe("the installed packages", () => {
  const lock = {
    "": { version: "1.0.0" },
    ingest: { version: "1.0.0" },
    "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
    "node_modules/b-arm64": { version: "1.0.0", integrity: "sha512-b", optional: true },
  };
  const a = lock["node_modules/a"];

  it("fit the lock, other platforms' binaries apart", () => {
    expect(matches(lock, { "node_modules/a": a })).toBe(true);
    expect(matches(lock, { "node_modules/a": a, ingest: lock.ingest })).toBe(true);
  });

  it("do not fit when absent, different, tampered with, or too many", () => {
    expect(matches(lock, undefined)).toBe(false);
    expect(matches(lock, {})).toBe(false);
    expect(matches(lock, { "node_modules/a": { ...a, version: "1.0.1" } })).toBe(false);
    expect(matches(lock, { "node_modules/a": { ...a, integrity: "sha512-x" } })).toBe(false);
    expect(matches(lock, { "node_modules/a": a, "node_modules/c": { version: "1.0.0" } })).toBe(false);
  });
});

describe("the player's sources", () => {
  it("hash alike until a source changes, is added or is renamed; tests and output do not count", async () => {
    await mkdir(join(dir, "player/src"), { recursive: true });
    await writeFile(join(dir, "player/src/main.ts"), "1");
    const hash = () => hashSources(dir, ["player"]);
    const first = hash();
    await writeFile(join(dir, "player/src/main.test.ts"), "1");
    await mkdir(join(dir, "player/dist"));
    await writeFile(join(dir, "player/dist/main.js"), "1");
    expect(hash()).toBe(first);
    await writeFile(join(dir, "player/src/main.ts"), "2");
    const second = hash();
    expect(second).not.toBe(first);
    await writeFile(join(dir, "player/src/more.ts"), "");
    expect(new Set([first, second, hash()]).size).toBe(3);
  });
});

describe("Debian packages", () => {
  it("that are there need nothing", async () => {
    await expect(ensureSystemPackages(["ffmpeg"], { uid: 1000 })).resolves.toBeUndefined();
  });

  it("that are missing, for a user without rights: the one command", async () => {
    await symlink("/usr/bin/apt-get", join(dir, "apt-get"));
    await expect(ensureSystemPackages(["ffmpeg", "redis-server"], { uid: 1000, path: dir })).rejects.toThrow(
      /sudo apt-get update && sudo apt-get install -y --no-install-recommends ffmpeg redis-server$/,
    );
  });

  it("lack fonts without a word of refusal", async () => {
    await expect(ensureFonts({ uid: 1000, path: dir, folder: dir })).resolves.toBeUndefined();
  });

  it("end the bootstrap where there is no apt-get", async () => {
    const env = { ...process.env, PATH: dir, REDIS_URL: "" };
    const run = promisify(execFile)(process.execPath, [bootstrap, "start"], { env });
    await expect(run).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("ffmpeg redis-server missing, and there is no apt-get here"),
    });
  });
});

describe("the bootstrap", () => {
  it("refuses a command it does not know", async () => {
    const run = promisify(execFile)(process.execPath, [bootstrap, "dance"]);
    await expect(run).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("start, test, check") });
  });

  it("keeps the exit code of what it starts", async () => {
    const run = promisify(execFile)(process.execPath, [bootstrap, "check", "dance"]);
    await expect(run).rejects.toMatchObject({ code: 64 });
  });
});
