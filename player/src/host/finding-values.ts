/** Measured values of a finding as a text may use them: as they are, and milliseconds also as seconds. Pure. */
export function findingValues(values: Readonly<Record<string, number>>, tag: string): Record<string, string> {
  const format = new Intl.NumberFormat(tag, { maximumFractionDigits: 1 });
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    texts[name] = format.format(value);
    if (name.endsWith("Ms")) texts[`${name.slice(0, -2)}S`] = format.format(value / 1_000);
    if (name.toLowerCase().endsWith("bitspersecond")) texts[`${name}K`] = format.format(Math.round(value / 1_000));
  }
  return texts;
}
