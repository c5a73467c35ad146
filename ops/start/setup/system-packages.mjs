import { findProgram, run, SetupError, say } from "./run.mjs";

/** Programs by the Debian package that brings them; any one of a list will do. */
const PROGRAMS = {
  ffmpeg: ["ffmpeg"],
  "redis-server": ["redis-server"],
  "chromium-headless-shell": ["chromium-headless-shell"],
};

/** Installs the Debian packages whose programs are missing, when allowed to; else says the one command to run. */
export async function ensureSystemPackages(packages, { uid = process.getuid?.(), path = process.env.PATH } = {}) {
  const missing = packages.filter((name) => !PROGRAMS[name].some((program) => findProgram(program, path)));
  if (missing.length === 0) return;
  const names = missing.join(" ");
  if (!findProgram("apt-get", path)) {
    throw new SetupError(`${names} missing, and there is no apt-get here. Install ${names}, then run this again.`);
  }
  const prefix = await rootPrefix(uid, path);
  if (!prefix) {
    throw new SetupError(
      `${names} missing, and this user may not install packages. Run:\n` +
        `  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names}`,
    );
  }
  say(`installing ${names} with apt-get`);
  const apt = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120", "-q"];
  // A mirror that is partly away fails the update, yet the package may be there: only the install decides.
  await runAll([...apt, "update"]);
  const code = await runAll([...apt, "install", "-y", "--no-install-recommends", ...missing]);
  if (code !== 0) throw new SetupError(`apt-get could not install ${names} (see above).`);
}

async function rootPrefix(uid, path) {
  if (uid === 0) return [];
  if (!findProgram("sudo", path)) return undefined;
  return (await run("sudo", ["-n", "true"], { quiet: true })) === 0 ? ["sudo", "-n"] : undefined;
}

const runAll = ([file, ...args]) => run(file, args);
