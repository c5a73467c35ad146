/**
 * The mixer process of one room: commands and events over IPC, media records over the Unix socket named by the first
 * argument, the second is the least delay of an encoder's media in milliseconds. Ends by itself when
 * either is closed, since nobody would see what it makes.
 */
import type { Socket } from "node:net";
import { sourceStack, systemClock } from "@lianmai/process";
import { listenForParent } from "./media-socket.ts";
import type { MixerCommand, MixerEvent } from "./protocol.ts";
import { Mixer } from "./shell/mixer.ts";

let mixer: Mixer | null = null;

function send(event: MixerEvent): void {
  if (process.connected) process.send?.(event, undefined, {}, () => {});
}

function end(): void {
  mixer?.close();
  process.exit(0);
}

function serve(media: Socket): void {
  const serving = new Mixer({ clock: systemClock, media, send, minSourceDelayMs: Number(process.argv[3]) });
  mixer = serving;
  // Nothing is ever read; reading is how the other side's end is noticed.
  media.resume();
  media.on("end", end);
  media.on("close", end);
  media.on("error", end);
  process.on("message", (command: MixerCommand) => serving.take(command));
  send({ kind: "ready" });
}

process.on("uncaughtException", (error) => {
  process.stderr.write(`${sourceStack(error.stack ?? String(error))}\n`);
  process.exit(1);
});
process.on("disconnect", end);
// Ctrl-C reaches the whole group; the parent decides when a mixer ends.
process.on("SIGINT", () => {});
process.on("SIGTERM", end);
listenForParent(process.argv[2] ?? "", { listening: () => send({ kind: "listening" }), connected: serve, failed: end });
