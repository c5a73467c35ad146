import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, systemClock } from "@lianmai/process";
import { afterEach, describe, expect, it } from "vitest";
import { pictureBytes, samplesPerFrame } from "../bus/frames.ts";
import { PicturePool } from "../bus/picture-pool.ts";
import type { EncodedPicture, EncodedSound } from "../pack/encoded.ts";
import { Ladder } from "./ladder.ts";
import { planLadder } from "./plan-ladder.ts";

const { format, rungs } = planLadder(
  { width: 640, height: 360, fps: 30 },
  { cores: 2, maxHeight: 0, maxFps: 0, hardware: false },
);
const twoRungs = [...rungs.slice(0, 1), { ...rungs[0], name: "180p", width: 320, height: 180 } as (typeof rungs)[0]];
const GOP = 30;
const FIRST = 60;
const samples = samplesPerFrame(format.fps);

let open: Ladder | null = null;
afterEach(async () => {
  await open?.close();
  open = null;
});

async function feed(options: { readonly pictures: number; readonly at?: (index: number, ladder: Ladder) => void }) {
  const directory = await mkdtemp(join(tmpdir(), "lianmai-ladder-test-"));
  const pictures = new Map<string, EncodedPicture[]>();
  const sounds: EncodedSound[] = [];
  const configs = new Map<string, Set<string>>();
  const shed: string[] = [];
  const ladder = new Ladder({
    ...{ format, gopFrames: GOP, encoder: "libx264", cores: 2, rungs: twoRungs, shed: [], directory },
    logger: createLogger({ process: "test", level: "silent" }),
    clock: systemClock,
    pool: new PicturePool(),
    output: {
      videoConfig: (rung, avcC) => void configs.set(rung, (configs.get(rung) ?? new Set()).add(avcC.toString("hex"))),
      audioConfig: () => {},
      video: (rung, picture) => void pictures.set(rung, [...(pictures.get(rung) ?? []), picture]),
      audio: (sound) => void sounds.push(sound),
      shed: (rung) => void shed.push(rung),
    },
  });
  open = ladder;
  const last = FIRST + options.pictures - 1;
  for (let index = FIRST; index <= last; index++) {
    const picture = Buffer.alloc(pictureBytes(format), (index * 7) % 200);
    ladder.picture(index, picture);
    ladder.sound(index, Buffer.alloc(samples * 4, index % 50));
    options.at?.(index, ladder);
    await new Promise((resolve) => setTimeout(resolve, 1_000 / format.fps));
  }
  const deadline = Date.now() + 20_000;
  const done = () =>
    twoRungs.every((rung) => shed.includes(rung.name) || (pictures.get(rung.name)?.at(-1)?.index ?? 0) >= last - 1);
  while (!done() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  return { ladder, pictures, sounds, configs, shed, directory };
}

const indexes = (pictures: readonly EncodedPicture[] | undefined) => (pictures ?? []).map((picture) => picture.index);

function expectUnbroken(result: Awaited<ReturnType<typeof feed>>): void {
  for (const rung of twoRungs) {
    const got = indexes(result.pictures.get(rung.name));
    expect(got).toEqual([...new Set(got)].sort((a, b) => a - b));
    expect(got[0]).toBe(FIRST);
    // A machine too slow leaves out pictures rather than falling behind; each one is counted, and none starts a GOP.
    const had = new Set(got);
    const missing = Array.from({ length: (got.at(-1) ?? 0) - FIRST }, (_, k) => FIRST + k).filter((k) => !had.has(k));
    expect(missing.length).toBeLessThanOrEqual(result.ladder.droppedPictures);
    expect(missing.filter((index) => index % GOP === 0)).toEqual([]);
  }
  const starts = result.sounds.map((sound) => sound.sample);
  expect(starts).toEqual(starts.map((_, k) => (starts[0] ?? 0) + k * 1_024));
}

describe("the ladder", { timeout: 60_000 }, () => {
  it("encodes every picture of every rung once, with keyframes on the program's grid", async () => {
    const result = await feed({ pictures: 75 });
    expectUnbroken(result);
    for (const rung of twoRungs) {
      const keys = (result.pictures.get(rung.name) ?? []).filter((picture) => picture.key);
      expect(indexes(keys)).toEqual([60, 90, 120]);
    }
    expect(result.sounds.length).toBeGreaterThan(100);
  });

  it("goes on without a gap after its encoder is killed, with the same decoder configuration", async () => {
    const result = await feed({
      pictures: 150,
      at: (index, ladder) => {
        if (index === FIRST + 70 && ladder.pid) process.kill(ladder.pid, "SIGKILL");
      },
    });
    expectUnbroken(result);
    expect(result.ladder.restarts).toBe(1);
    for (const rung of twoRungs) expect(result.configs.get(rung.name)?.size).toBe(1);
  });

  it("has an encoder that stood still for a second and a half work it off, without a picture missing", async () => {
    const result = await feed({
      pictures: 170,
      at: (index, { pid }) => {
        if (index === FIRST + 90 && pid) process.kill(pid, "SIGSTOP");
        if (index === FIRST + 140 && pid) process.kill(pid, "SIGCONT");
      },
    });
    expectUnbroken(result);
    for (const rung of twoRungs) {
      const got = indexes(result.pictures.get(rung.name));
      expect(got).toEqual(got.map((_, k) => FIRST + k));
    }
    expect(result.ladder.droppedPictures).toBe(0);
  });

  it("replaces an encoder that hangs, and gives no rung up for it", async () => {
    const stopped = new Set<number>();
    const result = await feed({
      pictures: 600,
      at: (index, ladder) => {
        const pid = ladder.pid;
        if (index < FIRST + 60 || stopped.size === 2 || pid === undefined || stopped.has(pid)) return;
        stopped.add(pid);
        process.kill(pid, "SIGSTOP");
      },
    });
    expect(result.shed).toEqual([]);
    expect(result.ladder.restarts).toBe(2);
    for (const rung of twoRungs) {
      expect(indexes(result.pictures.get(rung.name)).at(-1)).toBeGreaterThanOrEqual(FIRST + 598);
    }
  });

  it("leaves no file behind", async () => {
    const { ladder, directory } = await feed({ pictures: 10 });
    await ladder.close();
    await expect(readdir(directory)).rejects.toThrow();
  });
});
