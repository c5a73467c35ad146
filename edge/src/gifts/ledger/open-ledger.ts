import { join } from "node:path";
import { type Database, openDatabase } from "../../storage/database.ts";
import { migrate, readMigrations } from "../../storage/migrate.ts";

/** Path of the ledger's file. */
export const ledgerPath = (dataDir: string): string => join(dataDir, "ledger.sqlite");

/** Opens the ledger and brings its schema up to date. */
export function openLedger(path: string): Database {
  const database = openDatabase(path);
  try {
    migrate(database, { migrations: readMigrations(new URL("../migrations/", import.meta.url)) });
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}
