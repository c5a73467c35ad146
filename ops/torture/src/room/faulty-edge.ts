/**
 * The edge with faults between its parts: bells are dropped, doubled and late. `TORTURE_RULE` takes one rule out:
 * `dedup` (ids are not recognised), `state` (a new generation begins without mutes), `bells` (missed bells are not
 * looked for).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createEdge } from "@lianmai/edge/create-edge";
import type { RoomFaults } from "@lianmai/edge/room/create-room-parts";
import { runProcess } from "@lianmai/process";

/** Over IPC: mute somebody, hear no bells for a while, or have a disk that takes nothing for a while. */
export type EdgeOrder =
  | { readonly mute: string; readonly room: string }
  | { readonly silentMs: number }
  | { readonly stuckMs: number };

const rule = process.env["TORTURE_RULE"] ?? "";
const DROP = 0.03;
const DOUBLE = 0.03;
const LATE = 0.05;
const LATE_MS = 40;

/** Until then no bell rings at all. */
let silentUntilMs = 0;
/** Until then nothing is written to the archive. */
let stuckUntilMs = 0;

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
    listen: (roomId, listener) =>
      doorbells.listen(roomId, (bell) => {
        const fate = Math.random();
        if (fate < DROP || performance.now() < silentUntilMs) return;
        if (fate < DROP + LATE) setTimeout(() => listener(bell), LATE_MS);
        else listener(bell);
        if (fate > 1 - DOUBLE) listener(bell);
      }),
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
    else if ("stuckMs" in message) stuckUntilMs = performance.now() + message.stuckMs;
    else void mute(message).then((at) => process.send?.({ muted: at }));
  });
  const mute = async ({ mute: user, room }: { readonly mute: string; readonly room: string }) => {
    const stored = await edge.rooms.bySlug(room);
    const by = { id: stored?.host.id ?? "", name: "host", role: "host" } as const;
    const body = { act: "mute", user, untilMs: Number.MAX_SAFE_INTEGER } as const;
    return edge.room.log.act(stored?.id ?? "", by, { cid: `mute-${user}`, kind: "act", body });
  };
  return edge;
});
