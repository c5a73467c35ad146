/**
 * A host and a guest on a stage, the guest's network losing packets, then narrow, then good again: what each hears and
 * sees of the other. `npm run torture -- weak --seconds 30`
 */
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type Server } from "node:net";
import { printRows, readOptions } from "@lianmai/bench/report";
import { eventually, type StageChild, startStageChild, startTestRedis } from "@lianmai/ingest/testing/stage-load";
import { onGuest, openStagePage } from "@lianmai/ingest/testing/stage-page";
import { type Browser, chromium, type Page } from "playwright-core";
import { OwnHost } from "./own-host.ts";
import { type Received, WATCH_RECEIVED } from "./watch-received.ts";

const ROOM = "weak";
const LOSS = 0.05;
const NARROW_KILOBITS = 300;
/** Speech stays intelligible, and who stands still is soon back. */
const MOST_SILENCE_MS = 200;
const MOST_STILL_MS = 1_000;
/** The way has become too narrow for what is on it: that has to go first. */
const MOST_STILL_AT_CUT_MS = 2_000;
/** From the end of the cut to the highest layer, for good. */
const MOST_UNTIL_HIGHEST_MS = 15_000;
/** Of each phase; zero crossings of the tone are quiet too. */
const LEAST_HEARD = 0.8;
const SETTLE_MS = 8_000;
/** Until the host's browser has found that its own way carries the highest layer. */
const FIRST_SETTLE_MS = 12_000;
/** As the player sends a picture of 640x360. */
const LAYERS = [
  { rid: "l", scaleResolutionDownBy: 2, maxBitrate: 160_000 },
  { rid: "m", scaleResolutionDownBy: 1, maxBitrate: 800_000 },
];
const CHROMIUM = "/usr/bin/chromium-headless-shell";

interface Phase {
  readonly name: string;
  readonly host: Received;
  readonly guest: Received;
}

/** Runs it, prints what was heard and seen, and answers whether it was good enough. */
export async function tortureWeakNetwork(args: readonly string[]): Promise<boolean> {
  const { seconds } = readOptions(args, { seconds: 30 });
  const cleanUp = new AsyncDisposableStack();
  try {
    const phases = await show(cleanUp, seconds * 1_000);
    return judge(phases, seconds * 1_000);
  } finally {
    await cleanUp.disposeAsync();
  }
}

async function show(cleanUp: AsyncDisposableStack, phaseMs: number): Promise<readonly Phase[]> {
  const own = await OwnHost.make();
  cleanUp.defer(() => own.remove());
  const redis = await startTestRedis();
  cleanUp.defer(() => redis.stop());
  const stage = await startStageChild(redis, { mediaHost: own.near });
  cleanUp.defer(() => stage.stop());
  const door = await openDoor(own.near, stage);
  cleanUp.defer(() => door.close());
  const near = await launch(cleanUp, CHROMIUM);
  const far = await launch(cleanUp, await own.wrap(CHROMIUM));
  const host = await enter(near, { door: door.url, stage, userId: "host", role: "host" });
  const guest = await enter(far, { door: door.url, stage, userId: "mei", role: "guest" });
  await onGuest(host, `guest.join(${JSON.stringify({ clock: true, busy: true, layers: LAYERS })})`);
  await onGuest(guest, 'guest.command({ kind: "raise-hand" })');
  await eventually(
    async () => (await onGuest(host, 'guest.command({ kind: "to-seat", participantId: "mei" })')) === "done",
  );
  await onGuest(guest, `guest.join(${JSON.stringify({ clock: true, busy: true, layers: LAYERS })})`);
  for (const [page, other] of [
    [host, "mei"],
    [guest, "host"],
  ] as const) {
    await onGuest(
      page,
      `guest.request({ kind: "sizes", sizes: [{ participantId: "${other}", slot: "camera", height: 720 }] })`,
    );
    await eventually(
      async () =>
        (await page.evaluate("[...document.querySelectorAll('video')].some((v) => v.videoHeight > 0)")) === true,
      30_000,
    );
    await page.evaluate(`(${WATCH_RECEIVED})()`);
  }
  const phase = async (name: string, change: () => Promise<void>, settleMs = 0): Promise<Phase> => {
    process.stdout.write(`${name}\n`);
    await change();
    await sleep(settleMs);
    const take = (page: Page) => page.evaluate<Received>("window.takeNoted()");
    await Promise.all([take(host), take(guest)]);
    await sleep(phaseMs);
    const [ofHost, ofGuest] = await Promise.all([take(host), take(guest)]);
    return { name, host: ofHost, guest: ofGuest };
  };
  return [
    await phase("good", async () => {}, FIRST_SETTLE_MS),
    await phase("loses 5 % each way", () => own.lose(LOSS)),
    await phase("good again", () => own.lose(0), SETTLE_MS),
    await phase("300 kbit/s to the guest", () => own.narrow(NARROW_KILOBITS)),
    await phase("wide again", () => own.narrow(undefined)),
    await phase("wide for long", async () => {}),
  ];
}

/** A page and the stage's own address, both to be had from the host's network. */
async function openDoor(address: string, stage: StageChild): Promise<{ readonly url: string; close(): void }> {
  const page = createHttpServer((_request, response) => {
    // Not kept alive: its connection is not the stage's.
    response
      .writeHead(200, { "content-type": "text/html", connection: "close" })
      .end("<!doctype html><title>weak</title>");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => page.once("listening", resolve));
  const inner = { page: portOf(page), stage: Number(new URL(stage.url).port) };
  // One origin for both: what is not the stage's is the page.
  const server = createServer((socket) => {
    socket.once("data", (first) => {
      const port = /^\w+ \/stage\//.test(first.toString("latin1")) ? inner.stage : inner.page;
      const way = connect(port, "127.0.0.1");
      way.write(first);
      socket.pipe(way).pipe(socket);
      for (const one of [socket, way]) one.on("error", () => [socket, way].map((end) => end.destroy()));
    });
    socket.on("error", () => socket.destroy());
  }).listen(0, address);
  await new Promise((resolve) => server.once("listening", resolve));
  return {
    url: `http://${address}:${portOf(server)}`,
    close() {
      server.close();
      page.close();
    },
  };
}

const portOf = (server: Pick<Server, "address">): number => (server.address() as { readonly port: number }).port;

async function launch(cleanUp: AsyncDisposableStack, program: string): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: program,
    args: [
      ...["--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio", "--disable-background-networking"],
      "--autoplay-policy=no-user-gesture-required",
    ],
  });
  cleanUp.defer(() => browser.close());
  return browser;
}

async function enter(
  browser: Browser,
  options: {
    readonly door: string;
    readonly stage: StageChild;
    readonly userId: string;
    readonly role: "host" | "guest";
  },
): Promise<Page> {
  const { door, stage, userId, role } = options;
  const page = await browser.newPage();
  await page.goto(door);
  await openStagePage(page, {
    stage: { url: door, token: stage.token },
    room: ROOM,
    actor: { userId, name: userId, role },
  });
  return page;
}

function judge(phases: readonly Phase[], phaseMs: number): boolean {
  const longest = (values: readonly number[]): number => Math.round(Math.max(0, ...values));
  printRows(
    "a guest on a weak network: longest silence / longest still picture, ms; heights seen; packets lost; sound",
    phases.flatMap(({ name, host, guest }) =>
      (
        [
          ["host of guest", host],
          ["guest of host", guest],
        ] as const
      ).map(
        ([who, seen]) =>
          [
            `${name}, ${who}`,
            `${longest(seen.silencesMs)} / ${longest(seen.picturesMs)}; ${seen.heights.map(({ height, atMs }) => (atMs > 0 ? `${height} at ${Math.round(atMs)}` : height)).join(" ")}; ${seen.lost} lost; ${Math.round(seen.heardMs)} ms heard`,
          ] as const,
      ),
    ),
  );
  const [good, losing, , narrow, wide, after] = phases;
  if (!good || !losing || !narrow || !wide || !after) return false;
  const highest = good.guest.heights.at(-1)?.height;
  const later = after.guest.heights.slice(1).map(({ height, atMs }) => ({ height, atMs: atMs + phaseMs }));
  const back = [...wide.guest.heights, ...later];
  const changes = (seen: Received): number => seen.heights.length - 1;
  const failures = [
    ...phases.flatMap(({ name, host, guest }) =>
      [host, guest].map(({ heardMs }) => heardMs < phaseMs * LEAST_HEARD && `little sound: ${name}`),
    ),
    // What is lost on the way up the stage asks for again: the host is sent whole pictures.
    losing.guest.lost === 0 && "no packet was lost: nothing is shown",
    ...[losing.host, losing.guest].flatMap(({ silencesMs, picturesMs }) => [
      longest(silencesMs) > MOST_SILENCE_MS && "silence while packets are lost",
      longest(picturesMs) > MOST_STILL_MS && "a still picture while packets are lost",
    ]),
    longest(narrow.guest.silencesMs) > MOST_SILENCE_MS && "silence on the narrow way",
    longest(narrow.guest.picturesMs) > MOST_STILL_AT_CUT_MS && "a still picture on the narrow way",
    changes(narrow.guest) === 0 && "no lower layer on the narrow way",
    changes(narrow.guest) > 1 && "layers up and down on the narrow way",
    ...[wide.guest, after.guest].flatMap(({ silencesMs, picturesMs }) => [
      longest(silencesMs) > MOST_SILENCE_MS && "silence on the way that is wide again",
      longest(picturesMs) > MOST_STILL_AT_CUT_MS && "a still picture on the way that is wide again",
    ]),
    back.at(-1)?.height !== highest && "the highest layer has not come back",
    (back.at(-1)?.atMs ?? 0) > MOST_UNTIL_HIGHEST_MS && "the highest layer has come back late",
  ].filter((failure) => failure !== false);
  for (const failure of failures) process.stdout.write(`  FAILED: ${failure}\n`);
  return failures.length === 0;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
