import { settingsSchema } from "../process/src/settings.ts";

/** The parts of a setting's schema that its row shows. */
interface SettingSchema {
  readonly type?: string;
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly { readonly const?: unknown }[];
}

/** The text of `configuration.md`: one row per setting of the schema. */
export function renderConfiguration(): string {
  const rows = Object.entries(settingsSchema.properties).map(([name, schema]) => {
    const setting = schema as SettingSchema;
    const fallback = setting.default === "" ? "(empty)" : `\`${String(setting.default)}\``;
    return `| \`${name}\` | ${renderType(setting)} | ${fallback} | ${setting.description ?? ""} |`;
  });
  return [
    "# Configuration",
    "",
    "Settings are environment variables, read once at start; an empty one counts as not set. One that cannot be used",
    "is named at start, and nothing runs. Relative paths start at the checkout.",
    "",
    "This page is written by `node ops/docs/write-configuration.ts` from the schema in `ops/process/src/settings.ts`.",
    "",
    "| Setting | Type | Default | Meaning |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function renderType({ type, minimum, maximum, anyOf }: SettingSchema): string {
  if (anyOf) return anyOf.map((option) => `\`${String(option.const)}\``).join(", ");
  return minimum === undefined ? (type ?? "") : `${type} ${minimum} to ${maximum}`;
}
