/** "Chrome · Windows" of a User-Agent; empty when it says nothing we know. Pure. */
export function browserName(userAgent: string): string {
  const browsers: readonly (readonly [string, RegExp])[] = [
    ["Edge", /Edg\//],
    ["Opera", /OPR\//],
    ["Firefox", /Firefox\//],
    ["Chrome", /Chrom(?:e|ium)\//],
    ["Safari", /Safari\//],
    ["curl", /^curl\//],
  ];
  const systems: readonly (readonly [string, RegExp])[] = [
    ["iPhone", /iPhone/],
    ["iPad", /iPad/],
    ["Android", /Android/],
    ["Windows", /Windows/],
    ["macOS", /Macintosh/],
    ["Linux", /Linux/],
  ];
  const find = (list: typeof browsers): string => list.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? "";
  return [find(browsers), find(systems)].filter(Boolean).join(" · ");
}
