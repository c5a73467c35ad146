import type { CatalogueGift } from "../../protocol/gifts.ts";
import type { Database, SqlRow } from "../../storage/database.ts";

/** A gift with the version of the price list it is from. */
export interface PricedGift extends CatalogueGift {
  readonly version: number;
}

/** The price list, by version; the newest is the one in force. */
export interface Catalogues {
  newest(): { readonly version: number; readonly gifts: readonly CatalogueGift[] };
  /** A gift of the newest version. */
  gift(id: string): PricedGift | undefined;
  /** Adds the next version. */
  add(gifts: readonly CatalogueGift[], options: { readonly madeBy: string; readonly atMs: number }): number;
}

/** {@link Catalogues} on a database; `gift` remembers the newest version that it has seen or added itself. */
export function createCatalogues(database: Database): Catalogues {
  const version = () =>
    Number(database.get("SELECT coalesce(max(version), 0) AS version FROM catalogues")?.["version"]);
  let priced: ReadonlyMap<string, PricedGift> | undefined;
  const newest = (): ReadonlyMap<string, PricedGift> => {
    const of = version();
    const rows = database.all("SELECT * FROM catalogue_gifts WHERE version = ?", of);
    return new Map(rows.map((row) => [String(row["id"]), { ...giftFrom(row), version: of }]));
  };
  return {
    newest() {
      const of = version();
      const rows = database.all("SELECT * FROM catalogue_gifts WHERE version = ? ORDER BY position", of);
      return { version: of, gifts: rows.map(giftFrom) };
    },
    gift(id) {
      priced ??= newest();
      return priced.get(id);
    },
    add(gifts, { madeBy, atMs }) {
      const next = version() + 1;
      priced = undefined;
      database.run("INSERT INTO catalogues VALUES (?, ?, ?)", next, madeBy, atMs);
      for (const [position, { id, nameEn, nameZh, price, art, combo }] of gifts.entries()) {
        database.run(
          "INSERT INTO catalogue_gifts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
          ...[next, position, id, nameEn, nameZh, price, art, Number(combo)],
        );
      }
      return next;
    },
  };
}

const giftFrom = (row: SqlRow): CatalogueGift => ({
  id: String(row["id"]),
  nameEn: String(row["name_en"]),
  nameZh: String(row["name_zh"]),
  price: Number(row["price"]),
  art: String(row["art"]) as CatalogueGift["art"],
  combo: row["combo"] === 1,
});
