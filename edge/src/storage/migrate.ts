import { readdirSync, readFileSync } from "node:fs";
import type { Database } from "./database.ts";

/** One step of the schema; `version` counts from 1 without gaps. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

const FILE_NAME = /^(\d{4})-([a-z0-9-]+)\.sql$/;

/** Reads the numbered files of `migrations/`. Throws when a number is missing or taken twice. */
export function readMigrations(directory = new URL("./migrations/", import.meta.url)): readonly Migration[] {
  const migrations = readdirSync(directory)
    .sort()
    .map((file) => {
      const [, digits, name] = FILE_NAME.exec(file) ?? [];
      if (!digits || !name) throw new Error(`${file} is not named NNNN-what-it-does.sql`);
      return { version: Number(digits), name, sql: readFileSync(new URL(file, directory), "utf8") };
    });
  for (const [index, { version, name }] of migrations.entries()) {
    if (version !== index + 1) throw new Error(`migration ${name} has number ${version}, not ${index + 1}`);
  }
  return migrations;
}

/** The database was written by a newer release. */
export class NewerSchema extends Error {
  override readonly name = "NewerSchema";
}

/**
 * Brings the schema up to the last of `migrations`, each in its own transaction; answers the versions applied.
 * Several processes may call it at once: the version is read again under the write lock.
 * Throws {@link NewerSchema} when the file is ahead of this release.
 */
export function migrate(database: Database, options: { readonly migrations?: readonly Migration[] } = {}): number[] {
  const { migrations = readMigrations() } = options;
  database.script(
    "CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY, applied_at_ms INTEGER NOT NULL) STRICT",
  );
  const current = () =>
    Number(database.get("SELECT coalesce(max(version), 0) AS version FROM schema_versions")?.["version"]);
  const last = migrations.at(-1)?.version ?? 0;
  if (current() > last) {
    throw new NewerSchema(`the database has schema ${current()}, this release knows ${last}: start the newer release`);
  }
  const applied: number[] = [];
  for (const migration of migrations) {
    database.transaction(() => {
      if (migration.version <= current()) return;
      database.script(migration.sql);
      database.run("INSERT INTO schema_versions VALUES (?, ?)", migration.version, Date.now());
      applied.push(migration.version);
    });
  }
  return applied;
}
