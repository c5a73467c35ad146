import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Ids of all archived entries of the one room there is, in the order of their places. */
export function archivedCids(dataDir: string): readonly string[] {
  const database = new DatabaseSync(join(dataDir, "archive.sqlite"), { readOnly: true });
  try {
    return database
      .prepare("SELECT cid FROM entries ORDER BY gen, seq")
      .all()
      .map((row) => String(row["cid"]));
  } finally {
    database.close();
  }
}
