/**
 * What a stage costs, and how soon people see and hear each other. `npm run bench -- stage --people 9 --seconds 20
 * --joins 50`: the forwarding process with a full room of members that send real RTP; joins, glass to glass and mouth to
 * ear (`--beeps 30`, one a second) between Chromium pages; `--mixer 1` adds the mix by number of sources.
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
/** As the page's `mouth` beeps; what is heard is taken for the beep before it. */
const BEEP_EVERY_MS = 1_000;
type Redis = Awaited<ReturnType<typeof startTestRedis>>;
type Page = Parameters<typeof onGuest>[0];

/** Runs the benchmark and prints its figures. */
export async function benchStage(args: readonly string[]): Promise<void> {
  const { people, seconds, joins, glass, beeps, mixer } = readOptions(args, {
    ...{ people: 9, seconds: 20, joins: 50, glass: 20, beeps: 30, mixer: 0 },
  });
  const redis = await startTestRedis();
  try {
    if (people > 0) await fullRoom(redis, { people, seconds });
    if (joins > 0 || glass > 0 || beeps > 0) await between(redis, { joins, seconds: glass, beeps });
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

/** Two Chromium pages: how soon one sees the other after joining, and how old what it sees and hears is. */
async function between(
  redis: Redis,
  options: { readonly joins: number; readonly seconds: number; readonly beeps: number },
): Promise<void> {
  const child = await startStageChild(redis);
  const browser = await startTestBrowser();
  const enter = async (userId: string, role: "host" | "guest") => {
    const page = await browser.page({ insecure: true });
    await openStagePage(page, { stage: child, room: "glass", actor: { userId, name: userId, role } });
    return page;
  };
  const [host, guest] = [await enter("host", "host"), await enter("mei", "guest")];
  await onGuest(host, "guest.join({ clock: true, beeps: true })");
  await onGuest(guest, 'guest.command({ kind: "raise-hand" })');
  await eventually(
    async () => (await onGuest(host, 'guest.command({ kind: "to-seat", participantId: "mei" })')) === "done",
  );
  const joined: number[] = [];
  for (let n = 0; n < options.joins; n += 1) joined.push(await onGuest<number>(guest, "guest.joinTimed()"));
  if (options.joins === 0) await onGuest(guest, "guest.joinTimed()");
  const ages =
    options.seconds > 0 ? await onGuest<number[]>(guest, `guest.watchClock(${options.seconds * 1_000})`) : [];
  const heard = await listen(host, guest, options.beeps);
  printRows("stage: Chromium to Chromium on this machine", [
    [`join to first remote picture, ms, of ${joined.length}`, threeOf(joined)],
    [`glass to glass, ms, of ${ages.length} pictures`, threeOf(ages)],
    [`mouth to ear, ms, of ${heard.length} beeps`, threeOf(heard)],
  ]);
  await browser.close();
  await child.stop();
}

/**
 * How old the host's beeps are when the guest hears them: from the audio thread that makes one to the audio thread that
 * plays it, so without the devices' own buffers, and to some 10 ms, in which both threads work ahead.
 */
async function listen(host: Page, guest: Page, beeps: number): Promise<number[]> {
  if (beeps === 0) return [];
  const heardMs = await onGuest<number[]>(guest, `guest.listen(${beeps * BEEP_EVERY_MS})`);
  const saidMs = await onGuest<number[]>(host, "guest.saidMs");
  return heardMs.flatMap((atMs) => {
    const beganMs = saidMs.findLast((candidate) => candidate <= atMs);
    return beganMs === undefined ? [] : [atMs - beganMs];
  });
}

const threeOf = (values: readonly number[]): string =>
  [0.5, 0.95, 1].map((share) => `p${share * 100} ${percentile(values, share).toFixed(0)}`).join(", ");
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
