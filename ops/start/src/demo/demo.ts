import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Room } from "@lianmai/edge/protocol";
import type { Addresses } from "../addresses.ts";
import type { ChildSpec } from "../supervise/spawn-child.ts";
import { ApiClient } from "./api-client.ts";
import { ensureDemoRoom } from "./demo-room.ts";
import { canDrawClock, demoArguments } from "./picture.ts";

/** A demo ready to be started: its publisher as a child, and the page that shows it. */
export interface Demo {
  readonly spec: ChildSpec;
  readonly page: string;
}

const POLL_MS = 500;

/** Makes the demo room through the API; its publisher is ready once the room is live. */
export async function prepareDemo(
  addresses: Addresses,
  options: { readonly dataDir: string; readonly env: ChildSpec["env"] },
): Promise<Demo> {
  const api = new ApiClient(addresses.local);
  const { slug, key } = await ensureDemoRoom(api, options.dataDir);
  const args = demoArguments({
    url: `${addresses.localRtmp}/${key}`,
    cores: availableParallelism(),
    canDrawText: await canDrawClock(),
  });
  const ready = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      const room = await api.request<Room>("GET", `/rooms/${slug}`).catch(() => undefined);
      if (room?.live?.at === "live") return;
      await sleep(POLL_MS);
    }
  };
  return { spec: { name: "demo", file: "ffmpeg", args, env: options.env, ready }, page: `${addresses.web}/r/${slug}` };
}
