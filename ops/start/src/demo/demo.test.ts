import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Room } from "@lianmai/edge/protocol";
import { afterEach, beforeEach, expect, it } from "vitest";
import { eventually, ServicePlace } from "../testing/service-run.ts";

let place: ServicePlace;
beforeEach(async () => {
  place = await ServicePlace.create();
});
afterEach(() => place.remove());

const base = () => `http://127.0.0.1:${place.ports.HTTP_PORT}`;

async function room(): Promise<Room> {
  return (await fetch(`${base()}/api/v1/rooms/demo`)).json() as Promise<Room>;
}

it("brings a live room from nothing, the same one at the next start, and leaves nothing", async () => {
  const ids: string[] = [];
  for (const _ of [1, 2]) {
    const run = place.startReal("--demo");
    await run.until(/Demo +http\S+\/r\/demo/);
    const { host, live } = await room();
    expect(live?.at).toBe("live");
    ids.push(host.id);
    const playlist = `${base()}${live?.playlistPath}`;
    const probe = ["-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0", playlist];
    await eventually(async () => {
      const { stdout } = await promisify(execFile)("ffprobe", probe).catch(() => ({ stdout: "" }));
      return stdout.includes("video") && stdout.includes("audio");
    }, "picture and sound in the playlist");
    run.signal("SIGINT");
    expect(await run.exited).toBe(0);
    expect(await place.processes()).toEqual([]);
    expect(run.output).not.toMatch(/lm_\w{8}/);
  }
  expect(ids[0]).toBe(ids[1]);
}, 180_000);
