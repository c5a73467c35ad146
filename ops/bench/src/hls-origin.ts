/** A child of the `hls` benchmark: the real origin, fed with parts of a given weight at the real pace. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createLogger, createMetrics, systemClock } from "@lianmai/process";
import { PROGRAMS_REDIS_KEY, type ProgramRecord, programRedisKey } from "@lianmai/transcode/contract";
import { createOrigin } from "@lianmai/transcode/hls/origin";
import { OriginProgram } from "@lianmai/transcode/hls/origin-program";
import { planGrid, planLadder } from "@lianmai/transcode/ladder/plan-ladder";
import { Redis } from "ioredis";

const [redisUrl = "", bits = "2000000", partMs = "333"] = process.argv.slice(2);
const FPS = 30;
const plan = planLadder({ width: 1280, height: 720, fps: FPS }, { cores: 2, maxHeight: 0, maxFps: 0, hardware: false });
const grid = planGrid(FPS, Number(partMs));
const clock = systemClock;
const origin = createOrigin({
  clock,
  logger: createLogger({ process: "bench-origin", level: "warn" }),
  metrics: createMetrics("bench-origin"),
});
const server = createServer((request, response) => {
  if (!origin.handle(request, response)) response.writeHead(404).end();
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const originUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const startedAtMs = clock.wallMs();
const rungs = plan.rungs.filter((rung) => rung.name === "720p" || rung.width === 0);
const program = new OriginProgram({
  ...{
    room: "bench",
    programId: "bench",
    epoch: 1,
    format: plan.format,
    ...grid,
    rungs,
    startedAtMs,
    firstIndex: 0,
    clock,
  },
  onPart: (part) => {
    if (part.rung === "720p")
      process.send?.({ kind: "part", uri: `p1-${part.part}.m4s`, atMs: systemClock.monotonicMs() });
  },
});
origin.add(program);
// A real Main profile 3.1 decoder configuration, so that codec strings can be read; the pictures are weight only.
program.videoConfig(
  "720p",
  Buffer.from("014d401fffe10016674d401fda014016ec0440000003004000000f03c60ca80100 0468ee3c80".replace(" ", ""), "hex"),
);
program.audioConfig(Buffer.from("1190", "hex"));
const record: ProgramRecord = {
  ...{ room: "bench", programId: "bench", epoch: 1, at: "live", sinceMs: startedAtMs, startedAtMs, originUrl },
  ...{ format: plan.format, partFrames: grid.partFrames, segmentFrames: grid.segmentFrames, rungs, shed: [] },
  ...{ ladderNote: "", encoder: "none", updatedAtMs: startedAtMs },
};
const redis = new Redis(redisUrl);
const announce = async () => {
  const text = JSON.stringify({ ...record, updatedAtMs: clock.wallMs() });
  await redis.set(programRedisKey("bench"), text);
  await redis.sadd(PROGRAMS_REDIS_KEY, "bench");
};
await announce();
setInterval(() => void announce(), 1_000);

const pictureBytes = Math.round(Number(bits) / 8 / FPS);
const picture = Buffer.alloc(pictureBytes, 7);
picture.writeUInt32BE(pictureBytes - 4, 0);
const sound = Buffer.alloc(341, 3);
let index = 0;
let unit = 0;
const zeroMs = clock.monotonicMs();
setInterval(() => {
  while (zeroMs + (index * 1_000) / FPS <= clock.monotonicMs()) {
    while (unit * 1_024 < ((index + 1) * 48_000) / FPS) program.audio({ sample: unit++ * 1_024, data: sound });
    program.video("720p", { index, key: index % grid.gopFrames === 0, data: picture });
    index++;
  }
}, 2);
process.send?.({ kind: "ready", originUrl });
process.on("disconnect", () => process.exit(0));
