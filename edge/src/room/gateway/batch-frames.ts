/** Builds the frames that bring log entries: text put together from parts that are JSON already. */
import type { Position } from "../../protocol/room/entry.ts";
import type { Cut, Skip } from "../../protocol/room/frames.ts";
import { MAX_BATCH_ENTRIES } from "../../protocol/room/limits.ts";
import type { KeptEntry } from "../log/kept-entry.ts";
import { OutFrame } from "./out-frame.ts";

/** News of one room since its last batch, in order within each list. */
export interface News {
  readonly entries: readonly KeptEntry[];
  readonly skips: readonly Skip[];
  readonly cuts: readonly Cut[];
}

/** A frame and the position it brings a client to. */
export interface Batch {
  readonly frame: OutFrame;
  readonly to: Position;
}

/** Frames that bring a client from `at` to the newest of `news`; one generation and at most 256 entries in each. */
export function batchFrames(options: {
  readonly slug: string;
  readonly at: Position;
  readonly news: News;
  readonly top: Position;
  readonly durable: Position;
}): Batch[] {
  const batches: Batch[] = [];
  let { at } = options;
  for (const step of steps(options.news)) {
    if (step.gen !== at.gen) at = { gen: step.gen, seq: step.from - 1 };
    const to = { gen: step.gen, seq: step.to };
    batches.push({ frame: frameOf(step, at, options), to });
    at = to;
  }
  return batches;
}

function frameOf(
  step: Step,
  at: Position,
  { slug, top, durable }: { readonly slug: string; readonly top: Position; readonly durable: Position },
): OutFrame {
  const fields = [
    `{"t":"b","room":"${slug}","gen":${step.gen},"from":${at.seq + 1},"to":${step.to}`,
    `"top":${top.gen === step.gen ? Math.max(top.seq, step.to) : step.to}`,
    `"dur":{"gen":${durable.gen},"seq":${durable.seq}}`,
    `"msgs":[${step.entries.map(({ wire }) => wire).join(",")}]`,
    ...(step.skips.length > 0 ? [`"skips":${JSON.stringify(step.skips)}`] : []),
    ...(step.cut ? [`"cut":${JSON.stringify(step.cut)}`] : []),
  ];
  return new OutFrame(`${fields.join(",")}}`);
}

/** An empty batch: the heartbeat, and the news that the durable position has moved. */
export const emptyBatch = (slug: string, at: Position, top: Position, durable: Position): OutFrame =>
  new OutFrame(
    `{"t":"b","room":"${slug}","gen":${at.gen},"from":${at.seq + 1},"to":${at.seq},` +
      `"top":${top.gen === at.gen ? top.seq : at.seq},"dur":{"gen":${durable.gen},"seq":${durable.seq}},"msgs":[]}`,
  );

interface Step {
  readonly gen: number;
  readonly from: number;
  readonly to: number;
  readonly entries: readonly KeptEntry[];
  readonly skips: readonly Skip[];
  readonly cut?: Cut;
}

/** Entries, skips and ends of generations in the order of their positions, as many to a step as a batch may hold. */
function steps({ entries, skips, cuts }: News): Step[] {
  const result: Step[] = [];
  const rest = { entries: [...entries], skips: [...skips] };
  const generations = new Set([...entries, ...skips].map(({ gen }) => gen));
  const ends = new Map(cuts.map((cut) => [cut.gen, cut]));
  for (const gen of [...new Set([...generations, ...ends.keys()])].sort((a, b) => a - b)) {
    const own = rest.entries.filter((entry) => entry.gen === gen);
    const holes = rest.skips.filter((skip) => skip.gen === gen);
    result.push(...stepsOfGeneration(gen, own, holes));
    const cut = ends.get(gen);
    if (cut) result.push({ gen: gen + 1, from: 1, to: 0, entries: [], skips: [], cut });
  }
  return result;
}

function stepsOfGeneration(gen: number, entries: readonly KeptEntry[], holes: readonly Skip[]): Step[] {
  const result: Step[] = [];
  for (let first = 0; first < Math.max(entries.length, 1); first += MAX_BATCH_ENTRIES) {
    const some = entries.slice(first, first + MAX_BATCH_ENTRIES);
    const isLast = first + MAX_BATCH_ENTRIES >= entries.length;
    const end = isLast ? Number.MAX_SAFE_INTEGER : (some.at(-1)?.seq ?? 0);
    const start = result.at(-1)?.to ?? 0;
    const skips = holes.filter(({ to }) => to > start && to <= end);
    const from = Math.min(some[0]?.seq ?? Number.MAX_SAFE_INTEGER, skips[0]?.from ?? Number.MAX_SAFE_INTEGER);
    const to = Math.max(some.at(-1)?.seq ?? 0, skips.at(-1)?.to ?? 0);
    if (some.length + skips.length > 0) result.push({ gen, from, to, entries: some, skips });
  }
  return result;
}
