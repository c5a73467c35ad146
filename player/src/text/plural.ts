/** Names of the texts of a language with one plural form: of those in two, the one for many is kept. */
export type Base<Key extends string> = Key extends `${string}_one`
  ? never
  : Key extends `${infer Name}_other`
    ? `${Name}_other`
    : Key;
