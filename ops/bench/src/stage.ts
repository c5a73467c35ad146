/**
 * What a stage costs and how soon people see each other. `npm run bench -- stage --people 9 --seconds 20 --joins 50`:
 * the forwarding process with a full room of members that send real RTP; joins and glass-to-glass between Chromium pages;
 * `--mixer 1` adds the mix by number of sources.
 */
import { startTestBrowser } from "@lianmai/ingest/testing/browser";
import {
  encodePictures,
  eventually,
  type StageChild,
  StageMember,
  startStageChild,
  startTestRedis,
} from "@lianmai/ingest/testing/stage-load";
import { onGuest, openStagePage } from "@lianmai/ingest/testing/stage-page";
import { benchMixer } from "./mixer.ts";
import { percentile, printRows, readOptions } from "./report.ts";

const ROOM = "bench";
type Redis = Awaited<ReturnType<typeof startTestRedis>>;

/** Runs the benchmark and prints its figures. */
export async function benchStage(args: readonly string[]): Promise<void> {
  const { people, seconds, joins, glass, mixer } = readOptions(args, {
    ...{ people: 9, seconds: 20, joins: 50, glass: 20, mixer: 0 },
  });
  const redis = await startTestRedis();
  try {
    if (people > 0) await fullRoom(redis, { people, seconds });
    if (joins > 0 || glass > 0) await between(redis, { joins, seconds: glass });
  } finally {
    await redis.stop();
  }
  if (mixer > 0) await benchMixer([]);
}

async function fullRoom(redis: Redis, options: { readonly people: number; readonly seconds: number }): Promise<void> {
  const { people, seconds } = options;
  const child = await startStageChild(redis);
  const pictures = encodePictures({ size: "640x360", frames: 60, bits: 900_000 });
  const members = await seat(child, people);
  for (const member of members) member.show(pictures);
  await sleep(5_000);
  const cpuBefore = child.cpuSeconds();
  const startedMs = performance.now();
  const rates: number[] = [];
  for (let second = 0; second < seconds; second += 1) {
    await sleep(1_000);
    rates.push(await child.metric("lianmai_stage_packets_per_second"));
  }
  const cores = (child.cpuSeconds() - cpuBefore) / ((performance.now() - startedMs) / 1_000);
  const rate = percentile(rates, 0.5);
  const seen = members.map(({ received }) => received.video.packets);
  printRows(`stage: ${people} people, each 640x360 at 30 and sound to all others, ${seconds} s`, [
    ["packets a second, both ways", rate.toFixed(0)],
    ["cores", cores.toFixed(3)],
    ["microseconds a packet", ((cores * 1e6) / rate).toFixed(1)],
    ["packets a second and core", (rate / cores).toFixed(0)],
    ["memory, MB", child.residentMb().toFixed(0)],
    ["least pictures' packets received by one", String(Math.min(...seen))],
  ]);
  for (const member of members) member.close();
  await child.stop();
}

/** A host and guests on seats, all connected. */
async function seat(child: StageChild, people: number): Promise<StageMember[]> {
  const enter = (userId: string, role: "host" | "guest") =>
    StageMember.enter(child, { room: ROOM, actor: { userId, name: userId, role } });
  const host = await enter("host", "host");
  await eventually(async () => (await host.command({ kind: "capacity", capacity: 8 })) === "done");
  await host.join();
  const members = [host];
  for (let n = 1; n < people; n += 1) {
    const guest = await enter(`guest-${n}`, "guest");
    await guest.command({ kind: "raise-hand" });
    await host.command({ kind: "to-seat", participantId: `guest-${n}` });
    await guest.join();
    members.push(guest);
  }
  return members;
}

/** Two Chromium pages: how soon one sees the other after joining, and how old what it sees is. */
async function between(redis: Redis, options: { readonly joins: number; readonly seconds: number }): Promise<void> {
  const child = await startStageChild(redis);
  const browser = await startTestBrowser();
  const enter = async (userId: string, role: "host" | "guest") => {
    const page = await browser.page({ insecure: true });
    await openStagePage(page, { stage: child, room: "glass", actor: { userId, name: userId, role } });
    return page;
  };
  const [host, guest] = [await enter("host", "host"), await enter("mei", "guest")];
  await onGuest(host, "guest.join({ clock: true })");
  await onGuest(guest, 'guest.command({ kind: "raise-hand" })');
  await eventually(
    async () => (await onGuest(host, 'guest.command({ kind: "to-seat", participantId: "mei" })')) === "done",
  );
  const joined: number[] = [];
  for (let n = 0; n < options.joins; n += 1) joined.push(await onGuest<number>(guest, "guest.joinTimed()"));
  if (options.joins === 0) await onGuest(guest, "guest.joinTimed()");
  const ages =
    options.seconds > 0 ? await onGuest<number[]>(guest, `guest.watchClock(${options.seconds * 1_000})`) : [];
  printRows("stage: Chromium to Chromium on this machine", [
    [`join to first remote picture, ms, of ${joined.length}`, threeOf(joined)],
    [`glass to glass, ms, of ${ages.length} pictures`, threeOf(ages)],
  ]);
  await browser.close();
  await child.stop();
}

const threeOf = (values: readonly number[]): string =>
  [0.5, 0.95, 1].map((share) => `p${share * 100} ${percentile(values, share).toFixed(0)}`).join(", ");
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
