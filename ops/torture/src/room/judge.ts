/** Judges what receivers were told. Pure. */

/** What one receiver holds in the end. */
export interface Told {
  readonly receiver: string;
  readonly cids: readonly string[];
}

/** Violations, in words; empty when the promise has held. */
export function judge(facts: {
  readonly told: readonly Told[];
  /** Ids that publishers were told are durable. */
  readonly durable: readonly string[];
  /** Ids of the muted person, and of the mute. */
  readonly muted: (cid: string) => boolean;
  readonly mute: string;
}): string[] {
  return [...facts.told.flatMap((each) => judgeOne(each, facts)), ...judgeOrder(facts.told)];
}

function judgeOne(
  { receiver, cids }: Told,
  {
    durable,
    muted,
    mute,
  }: { readonly durable: readonly string[]; readonly muted: (cid: string) => boolean; readonly mute: string },
): string[] {
  const seen = new Set(cids);
  const missing = durable.filter((cid) => !seen.has(cid));
  const doubled = cids.filter((cid, index) => cids.indexOf(cid) < index);
  const muteAt = cids.indexOf(mute);
  const late = muteAt < 0 ? [] : cids.slice(muteAt).filter(muted);
  const found: [readonly string[], string][] = [
    [missing, "durable entries missing"],
    [doubled, "entries twice"],
    [late, "entries of the muted behind the mute"],
  ];
  return found
    .filter(([some]) => some.length > 0)
    .map(([some, what]) => `${receiver}: ${some.length} ${what}, e.g. ${some[0]}`);
}

function judgeOrder([first, ...others]: readonly Told[]): string[] {
  return others.flatMap(({ receiver, cids }) => {
    const length = Math.max(cids.length, first?.cids.length ?? 0);
    const at = Array.from({ length }, (_, index) => index).find((index) => cids[index] !== first?.cids[index]);
    return at === undefined ? [] : [`${receiver} and ${first?.receiver} differ from entry ${at} on`];
  });
}
