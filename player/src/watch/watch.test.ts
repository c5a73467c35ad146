import type { Room } from "@lianmai/edge/protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../api/request.ts";

vi.stubGlobal(
  "$state",
  Object.assign((value: unknown) => value, { raw: (value: unknown) => value }),
);
vi.stubGlobal("addEventListener", () => {});
const { Watch } = await import("./watch.svelte.ts");

const room = (programId?: string): Room => ({
  slug: "a",
  title: "A",
  coverUrl: "",
  host: { id: "u", name: "U" },
  createdAtMs: 1,
  webrtc: false,
  live: programId
    ? {
        at: "live",
        programId,
        startedAtMs: 1,
        playlistPath: "/live/a/index.m3u8",
        thumbnailPath: "",
        viewers: 0,
        partTargetMs: 333,
        renditions: [],
        note: "",
      }
    : null,
});

/** A watch whose API gives these answers in turn, the last one for ever. */
function watching(answers: readonly (Room | ApiError)[]) {
  vi.useFakeTimers();
  const calls: string[] = [];
  let turn = 0;
  const watch = new Watch("a", {
    api: {
      room: async () => {
        const answer = answers[Math.min(turn++, answers.length - 1)];
        if (answer instanceof ApiError) throw answer;
        return answer ?? room();
      },
      viewing: async () => ({ removedUntilMs: (removed.length > 1 ? removed.shift() : removed[0]) ?? null }),
    },
    playback: {
      attach: (source) => void calls.push(`attach ${source.programId || "early"}`),
      detach: () => void calls.push("detach"),
    },
  });
  return { watch, calls };
}

/** What the server says about being removed, now and later. */
let removed: (number | null)[] = [];
const problem = (status: number, code: string) => new ApiError({ type: "", title: "", status, code });

afterEach(() => vi.useRealTimers());

describe("watch", () => {
  it("starts the player before the API has answered, then lets go of a room that is off", async () => {
    const { watch, calls } = watching([room()]);
    watch.start();
    expect(calls).toEqual(["attach early"]);
    await vi.advanceTimersByTimeAsync(10);
    expect(calls).toEqual(["attach early", "detach"]);
    expect(watch.phase.at).toBe("offline");
    watch.close();
  });

  it("attaches by itself when the room goes live, and to the next program after that", async () => {
    const { watch, calls } = watching([room(), room("p1"), room("p1"), room(), room("p2")]);
    watch.start();
    await vi.advanceTimersByTimeAsync(60_000);
    const programs = calls.filter((call, index) => call.startsWith("attach p") && call !== calls[index - 1]);
    expect(programs).toEqual(["attach p1", "attach p2"]);
    watch.close();
  });

  it("keeps the player while the API is away and stops asking for a room that does not exist", async () => {
    const away = watching([room("p1"), problem(0, "no-answer")]);
    away.watch.start();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(away.calls).not.toContain("detach");
    expect(away.watch.lost).toBe(true);
    away.watch.close();
    const missing = watching([problem(404, "room-not-found")]);
    missing.watch.start();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(missing.watch.phase.at).toBe("not-found");
    expect(missing.calls).toEqual(["attach early", "detach"]);
    missing.watch.close();
  });

  it("lets go of the picture while the viewer is kept out of the room, and takes it again after", async () => {
    removed = [99, 99, null];
    const { watch, calls } = watching([room("p1")]);
    watch.start();
    await vi.advanceTimersByTimeAsync(100);
    expect(watch.removedUntilMs).toBeUndefined();
    watch.hurry();
    await vi.advanceTimersByTimeAsync(400);
    expect([watch.removedUntilMs, calls.at(-1)]).toEqual([99, "detach"]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect([watch.removedUntilMs, calls.at(-1)]).toEqual([undefined, "attach p1"]);
    watch.close();
    removed = [];
  });

  it("asks anew for a room that was not found when something has changed", async () => {
    const { watch } = watching([problem(404, "room-not-found"), room("p1")]);
    watch.start();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(watch.phase.at).toBe("not-found");
    watch.hurry();
    await vi.advanceTimersByTimeAsync(400);
    expect(watch.phase.at).toBe("live");
    watch.close();
  });

  it("asks soon however often something fails", async () => {
    removed = [99];
    const { watch } = watching([room("p1")]);
    watch.start();
    await vi.advanceTimersByTimeAsync(100);
    for (let at = 0; at < 10; at += 1) {
      watch.hurry();
      await vi.advanceTimersByTimeAsync(60);
    }
    expect(watch.removedUntilMs).toBe(99);
    watch.close();
    removed = [];
  });
});
