/** Judges what receivers were told. Pure. */

/** What one receiver holds in the end. */
export interface Told {
  readonly receiver: string;
  readonly cids: readonly string[];
}

/** What is known in the end. */
export interface Facts {
  readonly told: readonly Told[];
  /** Ids in the archive, in the order of their places. */
  readonly archived: readonly string[];
  /** Ids that publishers were told are durable. */
  readonly durable: readonly string[];
  /** What publishers still wait to hear of when everything has settled. */
  readonly waiting: readonly { readonly publisher: string; readonly count: number }[];
  /** Ids of the muted person, and of the mute. */
  readonly muted: (cid: string) => boolean;
  readonly mute: string;
}

/** Violations, in words; empty when the promise has held. */
export function judge(facts: Facts): string[] {
  const archive = { receiver: "the archive", cids: facts.archived };
  const [first] = facts.told;
  return [
    ...[archive, ...facts.told].flatMap((each) => judgeOne(each, facts)),
    ...facts.told.slice(1).flatMap((each) => differences(each, first)),
    ...(first ? differences(from(archive, first.cids[0]), first) : []),
    ...facts.waiting
      .filter(({ count }) => count > 0)
      .map(({ publisher, count }) => `${publisher}: ${count} entries never told durable`),
  ];
}

function judgeOne({ receiver, cids }: Told, { durable, muted, mute }: Facts): string[] {
  const seen = new Set<string>();
  const doubled: string[] = [];
  for (const cid of cids) {
    if (seen.has(cid)) doubled.push(cid);
    seen.add(cid);
  }
  const missing = durable.filter((cid) => !seen.has(cid));
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

/** Receivers came when there were entries already. */
const from = ({ receiver, cids }: Told, cid: string | undefined): Told => ({
  receiver,
  cids: cid === undefined ? cids : cids.slice(Math.max(0, cids.indexOf(cid))),
});

function differences({ receiver, cids }: Told, other: Told | undefined): string[] {
  const length = Math.max(cids.length, other?.cids.length ?? 0);
  const at = Array.from({ length }, (_, index) => index).find((index) => cids[index] !== other?.cids[index]);
  return at === undefined ? [] : [`${receiver} and ${other?.receiver} differ from entry ${at} on`];
}
