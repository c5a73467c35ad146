/** `npm run verify-audit [-- HEAD]`: checks that the audit log is whole; HEAD (`id:hash`) is what an earlier run printed. */
import { join } from "node:path";
import { AUDIT_FILE, openAuditLog } from "@lianmai/edge/audit";
import { readSettings, SettingsError, systemClock } from "@lianmai/process";

const USAGE =
  "usage: npm run verify-audit [-- ID:HASH]\n  ID:HASH  a head printed earlier that must still be in the log\n";

function verifyAudit([given, ...rest]: readonly string[]): number {
  const [, id, hash] = /^(\d+):([0-9a-f]{64})$/.exec(given ?? "") ?? [];
  if (rest.length > 0 || (given !== undefined && hash === undefined)) return say(USAGE, 64);
  const path = join(readSettings(process.env).DATA_DIR, AUDIT_FILE);
  const audit = openAuditLog(path, { clock: systemClock });
  const { breach, head } = audit.verify(hash === undefined ? undefined : { id: Number(id), hash });
  audit.close();
  if (breach) return say(`${path}: BROKEN at entry ${breach.id} (${breach.what}); whole up to ${head.id}\n`, 1);
  return say(`${path}: whole, ${head.id} entries\nhead ${head.id}:${head.hash}\n`, 0);
}

function say(text: string, code: number): number {
  (code === 0 ? process.stdout : process.stderr).write(text);
  return code;
}

try {
  process.exitCode = verifyAudit(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  process.exitCode = say(`${error.message}\n`, 78);
}
