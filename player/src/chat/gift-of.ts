import type { CatalogueGift } from "@lianmai/edge/protocol";

/** Looks a gift up in the catalogue the page has loaded. */
export type GiftOf = (id: string) => CatalogueGift | undefined;
