/**
 * The mixer process of one room: commands and events over IPC, media records on file descriptor 3. Ends by itself
 * when either is closed, since nobody would see what it makes.
 */
import { Socket } from "node:net";
import { systemClock } from "@lianmai/process";
import type { MixerCommand, MixerEvent } from "./protocol.ts";
import { Mixer } from "./shell/mixer.ts";

const MEDIA_FD = 3;

const media = new Socket({ fd: MEDIA_FD, readable: true, writable: true });
const mixer = new Mixer({
  clock: systemClock,
  media,
  send: (event: MixerEvent) => {
    if (process.connected) process.send?.(event, undefined, {}, () => {});
  },
});

function end(): void {
  mixer.close();
  process.exit(0);
}

// Nothing is ever read; reading is how the other side's end is noticed.
media.resume();
media.on("end", end);
media.on("close", end);
media.on("error", end);
process.on("disconnect", end);
// Ctrl-C reaches the whole group; the parent decides when a mixer ends.
process.on("SIGINT", () => {});
process.on("SIGTERM", end);
process.on("message", (command: MixerCommand) => mixer.take(command));
process.send?.({ kind: "ready" } satisfies MixerEvent);
