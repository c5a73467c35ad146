import { existsSync } from "node:fs";
import { join } from "node:path";
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
  if ((await install(missing, prefix)) !== 0) throw new SetupError(`apt-get could not install ${names} (see above).`);
}

/** Fonts for the names of people on stage, by the Debian package that brings them. */
const FONTS = {
  "fonts-noto-core": "truetype/noto/NotoSans-Bold.ttf",
  "fonts-noto-cjk": "opentype/noto/NotoSansCJK-Bold.ttc",
  "fonts-noto-color-emoji": "truetype/noto/NotoColorEmoji.ttf",
};

/** Installs the fonts that are missing, when allowed to; else says what names will lack. Never a reason not to start. */
export async function ensureFonts({
  uid = process.getuid?.(),
  path = process.env.PATH,
  folder = "/usr/share/fonts",
} = {}) {
  const missing = Object.keys(FONTS).filter((name) => !existsSync(join(folder, FONTS[name])));
  if (missing.length === 0) return;
  const prefix = findProgram("apt-get", path) ? await rootPrefix(uid, path) : undefined;
  if (prefix && (await install(missing, prefix)) === 0) return;
  say(`without ${missing.join(", ")}, names on the stage in scripts that no other font here has show boxes`);
}

/** Exit code of apt-get. */
async function install(packages, prefix) {
  say(`installing ${packages.join(" ")} with apt-get`);
  const apt = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120", "-q"];
  // A mirror that is partly away fails the update, yet the package may be there: only the install decides.
  await runAll([...apt, "update"]);
  return runAll([...apt, "install", "-y", "--no-install-recommends", ...packages]);
}

async function rootPrefix(uid, path) {
  if (uid === 0) return [];
  if (!findProgram("sudo", path)) return undefined;
  return (await run("sudo", ["-n", "true"], { quiet: true })) === 0 ? ["sudo", "-n"] : undefined;
}

const runAll = ([file, ...args]) => run(file, args);
