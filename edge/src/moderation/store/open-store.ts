import { type Database, openDatabase } from "../../storage/database.ts";
import { migrate, readMigrations } from "../../storage/migrate.ts";

/** Opens (or makes) the moderation's own database file and brings its schema up to date. */
export function openModerationStore(path: string): Database {
  const database = openDatabase(path);
  migrate(database, { migrations: readMigrations(new URL("./migrations/", import.meta.url)) });
  return database;
}
