/** Reads a process's Prometheus text. */

/** All samples of a metric by name; label values are left out. */
export async function readMetric(url: string, name: string): Promise<readonly number[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map((line) => Number(line.slice(line.lastIndexOf(" ") + 1)));
}

/** Upper bound of the bucket that holds `share` of a histogram's observations, in its own unit. */
export async function histogramPercentile(url: string, name: string, share: number): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const buckets = text
    .split("\n")
    .filter((line) => line.startsWith(`${name}_bucket{`))
    .map((line) => ({
      bound: Number((/le="([^"]+)"/.exec(line)?.[1] ?? "").replace("+Inf", "Infinity")),
      count: Number(line.slice(line.lastIndexOf(" ") + 1)),
    }))
    .sort((a, b) => a.bound - b.bound);
  const total = buckets.at(-1)?.count ?? 0;
  return buckets.find((bucket) => bucket.count >= total * share)?.bound ?? Number.NaN;
}
