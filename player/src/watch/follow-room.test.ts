import type { Live, Room } from "@lianmai/edge/protocol";
import { describe, expect, it } from "vitest";
import { followRoom, pollAfterMs, type RoomAnswer, type RoomPhase } from "./follow-room.ts";

const live = (programId: string, at: Live["at"] = "live"): Live => ({
  at,
  programId,
  startedAtMs: 1,
  playlistPath: "/live/a/index.m3u8",
  thumbnailPath: "/live/a/thumbnail.jpg",
  viewers: 1,
  partTargetMs: 333,
  renditions: [],
  note: "",
});

const answer = (on: Live | null): RoomAnswer => ({ kind: "room", room: room(on) });
const room = (on: Live | null): Room => ({
  slug: "a",
  title: "A",
  coverUrl: "",
  host: { id: "u", name: "U" },
  createdAtMs: 1,
  webrtc: false,
  live: on,
});

const through = (...answers: RoomAnswer[]): RoomPhase[] => {
  let phase: RoomPhase = { at: "loading" };
  return answers.map((item) => {
    phase = followRoom(phase, item);
    return phase;
  });
};

describe("follow room", () => {
  it("goes from offline to live, interrupted, back, ended, live again", () => {
    const phases = through(
      answer(null),
      answer(live("p1")),
      answer(live("p1", "interrupted")),
      answer(live("p1")),
      answer(null),
      answer(null),
      answer(live("p2")),
    );
    expect(phases.map((phase) => phase.at)).toEqual([
      "offline",
      "live",
      "interrupted",
      "live",
      "ended",
      "ended",
      "live",
    ]);
  });

  it("keeps what it knows when the server does not answer", () => {
    expect(through({ kind: "failed" }).at(-1)?.at).toBe("unreachable");
    expect(through(answer(live("p1")), { kind: "failed" }).at(-1)?.at).toBe("live");
    expect(through({ kind: "failed" }, answer(live("p1"))).at(-1)?.at).toBe("live");
  });

  it("says so when the room does not exist", () => {
    expect(through({ kind: "missing" }).at(-1)?.at).toBe("not-found");
  });

  it("asks more often while waiting or lost, and not in step", () => {
    const waiting: RoomPhase = { at: "offline", room: room(null) };
    const on: RoomPhase = { at: "live", room: room(live("p")), live: live("p") };
    expect(pollAfterMs(waiting, false, 0)).toBeLessThan(pollAfterMs(on, false, 0));
    expect(pollAfterMs(on, true, 1)).toBeLessThan(pollAfterMs(waiting, false, 0));
    expect(pollAfterMs(on, false, 0.2)).not.toBe(pollAfterMs(on, false, 0.8));
  });
});
