/**
 * The edge with faults between its parts: bells are dropped, doubled and late. `TORTURE_RULE` takes one rule out:
 * `dedup` (ids are not recognised), `state` (a new generation begins without mutes), `bells` (missed bells are not
 * looked for).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createEdge } from "@lianmai/edge/create-edge";
import type { RoomFaults } from "@lianmai/edge/room/create-room-parts";
import { runProcess } from "@lianmai/process";
import type { BellFates, EdgeOrder, EdgeSaid } from "./faulty-edge-messages.ts";

const rule = process.env["TORTURE_RULE"] ?? "";
const DROP = 0.03;
const DOUBLE = 0.03;
const LATE = 0.05;
const LATE_MS = 40;
/** A killed edge takes with it what it has not told by then. */
const TELL_EVERY_MS = 250;

/** Until then no bell rings at all. */
let silentUntilMs = 0;
/** Until then nothing is written to the archive. */
let stuckUntilMs = 0;
let fates: BellFates = { dropped: 0, doubled: 0, late: 0 };
const say = (said: EdgeSaid) => process.send?.(said);

/** Rings at the listener as a bad connection would: not at all, twice, or after bells that rang later. */
function ring<Args extends readonly unknown[]>(listener: (...args: Args) => void): (...args: Args) => void {
  return (...args) => {
    const fate = Math.random();
    if (fate < DROP || performance.now() < silentUntilMs) {
      fates.dropped += 1;
      return;
    }
    if (fate < DROP + LATE) {
      fates.late += 1;
      setTimeout(() => listener(...args), LATE_MS);
    } else listener(...args);
    if (fate > 1 - DOUBLE) {
      fates.doubled += 1;
      listener(...args);
    }
  };
}

const faults: RoomFaults = {
  functions: (functions) => ({
    ...functions,
    publish: (roomId, call) =>
      functions.publish(
        roomId,
        rule === "dedup" ? { ...call, cid: `${call.cid}-${Math.random()}`.slice(0, 64) } : call,
      ),
    recover: (roomId, call) => functions.recover(roomId, rule === "state" ? { ...call, changes: [] } : call),
    top: async (roomId) => {
      const reply = await functions.top(roomId);
      // what the beacon would learn is kept from it
      return rule === "bells" && reply[0] === "ok"
        ? ["ok", reply[1] ?? "0", "0", reply[3] ?? "0", reply[4] ?? "0"]
        : reply;
    },
  }),
  doorbells: (doorbells) => ({
    ...doorbells,
    listen: (roomId, listener) => doorbells.listen(roomId, ring(listener)),
    listenAll: (listener) => doorbells.listenAll(ring(listener)),
    onReady: (listener) => (rule === "bells" ? () => undefined : doorbells.onReady(listener)),
  }),
  archive: (archive) => ({
    ...archive,
    async write(rooms) {
      await sleep(Math.max(0, stuckUntilMs - performance.now()));
      return archive.write(rooms);
    },
  }),
};

await runProcess("edge", async (context) => {
  const edge = await createEdge(context, {
    roomFaults: faults,
    roomLimits: {
      framesPerSecond: 500,
      frameBurst: 2_000,
      pubsPerSecond: 200,
      pubBurst: 400,
      connectsPerMinute: 1_000_000,
    },
  });
  process.on("message", (message: EdgeOrder) => {
    if ("silentMs" in message) silentUntilMs = performance.now() + message.silentMs;
    else if ("deaf" in message) silentUntilMs = Number.POSITIVE_INFINITY;
    else if ("stuckMs" in message) stuckUntilMs = performance.now() + message.stuckMs;
    else void mute(message).then(() => say({ kind: "muted" }));
  });
  setInterval(() => {
    say({ kind: "bells", bells: fates });
    fates = { dropped: 0, doubled: 0, late: 0 };
  }, TELL_EVERY_MS).unref();
  const mute = async ({ mute: user, room }: { readonly mute: string; readonly room: string }) => {
    const stored = await edge.rooms.bySlug(room);
    const by = { id: stored?.host.id ?? "", name: "host", role: "host" } as const;
    const body = { act: "mute", user, untilMs: Number.MAX_SAFE_INTEGER } as const;
    return edge.room.log.act(stored?.id ?? "", by, { cid: `mute-${user}`, kind: "act", body });
  };
  return edge;
});
