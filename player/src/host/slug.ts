/** Room names in URLs. Pure. */

const SLUG = /^[a-z0-9](?:-?[a-z0-9])*$/;

/** Why a slug cannot be used, by what is wrong with it. */
export type SlugFault = "short" | "long" | "letters";

/** What is wrong with a slug; undefined when nothing is. */
export function slugFault(slug: string): SlugFault | undefined {
  if (slug.length < 2) return "short";
  if (slug.length > 40) return "long";
  return SLUG.test(slug) ? undefined : "letters";
}

/** A slug made of what a title has in Latin letters and digits; else of the fallback, which must be a slug. */
export function suggestSlug(title: string, fallback: string): string {
  const plain = title
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\u0300-\u036f']/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  return slugFault(plain) ? fallback : plain;
}
