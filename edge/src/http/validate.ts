/** The only importer of the schemas' type provider. */
import { TypeBoxValidatorCompiler } from "@fastify/type-provider-typebox";

export type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";

/** What the converter reads as a number or a truth value without loss; it would take "1.5" and "true" for 1. */
const EXACT: Readonly<Record<string, RegExp>> = {
  integer: /^-?\d{1,15}$/,
  number: /^-?\d+(?:\.\d+)?$/,
  boolean: /^(?:true|false)$/,
};

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, { readonly type?: string }>>;
}

/**
 * Checks by a route's schema, which is compiled when the first request comes: hundreds of them would keep a start
 * waiting. Texts of path and query are converted only where nothing is lost.
 */
export const compileValidator: typeof TypeBoxValidatorCompiler = (route) => {
  let compiled: ReturnType<typeof TypeBoxValidatorCompiler> | undefined;
  const check: ReturnType<typeof TypeBoxValidatorCompiler> = (given) => {
    compiled ??= TypeBoxValidatorCompiler(route);
    return compiled(given);
  };
  const { properties = {} } = route.schema as ObjectSchema;
  if (route.httpPart === "body") return check;
  return (given: unknown) => {
    for (const [name, { type = "" }] of Object.entries(properties)) {
      const value = (given as Readonly<Record<string, unknown>>)[name];
      const exact = EXACT[type];
      if (exact && typeof value === "string" && !exact.test(value)) return { error: [inexact(name, type)] };
    }
    return check(given);
  };
};

/** In the form of the library's own errors. */
const inexact = (name: string, type: string) => ({
  keyword: "type",
  schemaPath: `#/properties/${name}`,
  instancePath: `/${name}`,
  params: { type },
  message: `must be ${type}`,
});
