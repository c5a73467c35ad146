/**
 * How many viewers of a 2 Mbit/s rung one edge process carries before the delay of parts passes 150 ms (p99).
 * The real origin is fed with parts of that weight; the real edge serves; viewers are raw sockets in one process.
 * Beyond the ceiling, new viewers are shed and those who watch are not late.
 * `npm run bench -- hls --from 250 --to 3000 --step 250 --seconds 20`
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuSeconds } from "./process-figures.ts";
import { percentile, printRows, readOptions } from "./report.ts";

const LIMIT_MS = 150;
const REPOSITORY = join(import.meta.dirname, "../../..");

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Run {
  readonly viewers: number;
  readonly delays: readonly number[];
  /** Viewers that got each part; fewer than asked when some are shed. */
  readonly watching: number;
  /** Parts that did not come to a viewer; not known when some are shed. */
  readonly missed: number;
  readonly shed: number;
  readonly wrong: number;
  readonly edgeCores: number;
  readonly viewerCores: number;
}

/** Runs the benchmark and prints its figures. */
export async function benchHls(args: readonly string[]): Promise<void> {
  const options = readOptions(args, { from: 250, to: 1_500, step: 250, seconds: 20, bits: 2_000_000, part: 333 });
  const dataDir = await mkdtemp(join(tmpdir(), "lianmai-bench-"));
  const redisPort = await freePort();
  const redisUrl = `redis://127.0.0.1:${redisPort}`;
  const children: ChildProcess[] = [];
  try {
    children.push(
      spawn("redis-server", ["--port", String(redisPort), "--save", "", "--dir", dataDir], { stdio: "ignore" }),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    const published = new Map<string, number>();
    const origin = fork(join(import.meta.dirname, "hls-origin.ts"), [
      redisUrl,
      String(options.bits),
      String(options.part),
    ]);
    children.push(origin);
    origin.on("message", (message: { readonly kind: string; readonly uri?: string; readonly atMs?: number }) => {
      if (message.kind === "part" && message.uri) published.set(message.uri.split("/").at(-1) ?? "", message.atMs ?? 0);
    });
    const httpPort = await freePort();
    const edge = fork(join(REPOSITORY, "edge/src/main.ts"), [], {
      env: {
        ...process.env,
        ...{
          REDIS_URL: redisUrl,
          HTTP_PORT: String(httpPort),
          DATA_DIR: dataDir,
          LOG_LEVEL: "warn",
          ADMIN_PASSWORD: "benchmark only",
        },
      },
    });
    children.push(edge);
    await once(edge, "message");
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    const runs: Run[] = [];
    for (let viewers = options.from; viewers <= options.to; viewers += options.step) {
      runs.push(await measure({ viewers, httpPort, edge, published, ...options }));
    }
    const within = runs
      .filter((run) => percentile(run.delays, 0.99) <= LIMIT_MS && run.missed === 0 && run.shed === 0)
      .at(-1);
    printRows(
      `hls: one edge process, ${options.bits / 1e6} Mbit/s, parts ${options.part} ms, ${options.seconds} s each`,
      [
        ...runs.map((run) => [`${run.viewers} viewers`, describe(run)] as const),
        [
          "ceiling (p99 <= 150 ms, nothing missed, nobody shed)",
          within ? `${within.viewers} viewers` : `below ${options.from}`,
        ],
      ],
    );
  } finally {
    for (const child of children.reverse()) child.kill("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 200));
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measure(options: {
  readonly viewers: number;
  readonly httpPort: number;
  readonly edge: ChildProcess;
  readonly published: ReadonlyMap<string, number>;
  readonly seconds: number;
  readonly part: number;
}): Promise<Run> {
  const { viewers, httpPort, edge, published, seconds } = options;
  const partsPerSegment = Math.round(2_000 / options.part);
  const client = fork(join(import.meta.dirname, "hls-viewers.ts"), [
    ...[String(httpPort), String(viewers), "/live/bench/bench/720p", String(partsPerSegment)],
  ]);
  const delays: number[] = [];
  const counts = { wrong: 0, shed: 0 };
  let measuring = false;
  client.on(
    "message",
    (message: { readonly arrivals: [string, number][]; readonly wrong: number; readonly shed: number }) => {
      counts.wrong = message.wrong;
      counts.shed = message.shed;
      if (!measuring) return;
      for (const [part, atMs] of message.arrivals) delays.push(atMs - (published.get(part) ?? Number.NaN));
    },
  );
  await new Promise((resolve) => setTimeout(resolve, (viewers / 500) * 1_000 + 4_000));
  measuring = true;
  const partsBefore = published.size;
  const [edgeBefore, clientBefore] = [cpuSeconds(edge.pid), cpuSeconds(client.pid)];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  measuring = false;
  const parts = published.size - partsBefore;
  const run = {
    ...{ viewers, delays: delays.filter((delay) => !Number.isNaN(delay)), ...counts },
    watching: Math.round(delays.length / Math.max(1, parts)),
    missed: counts.shed > 0 ? 0 : Math.max(0, (parts - 2) * viewers - delays.length),
    edgeCores: (cpuSeconds(edge.pid) - edgeBefore) / seconds,
    viewerCores: (cpuSeconds(client.pid) - clientBefore) / seconds,
  };
  client.kill("SIGKILL");
  await once(client, "exit");
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  return run;
}

function describe(run: Run): string {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(run.delays, share).toFixed(0));
  const cores = `edge ${run.edgeCores.toFixed(2)} core, viewers' process ${run.viewerCores.toFixed(2)}`;
  return `part delay p50 ${p50} p95 ${p95} p99 ${p99} ms; ${run.watching} watching, missed ${run.missed}, shed ${run.shed}, wrong ${run.wrong}; ${cores}`;
}
