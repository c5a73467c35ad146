import { describe, expect, it } from "vitest";
import { type Startable, startPlaying } from "./start-playing.ts";

/** An element whose browser answers `play` like this. */
const element = (muted: boolean, play: (muted: boolean) => string | undefined): Startable => ({
  muted,
  async play() {
    const refusal = play(this.muted);
    if (refusal) throw new DOMException("", refusal);
  },
});

describe("start playing", () => {
  it("plays with sound where it may", async () => {
    expect(await startPlaying(element(false, () => undefined))).toBe("playing");
  });

  it("falls back to silence and says so", async () => {
    const video = element(false, (muted) => (muted ? undefined : "NotAllowedError"));
    expect(await startPlaying(video)).toBe("muted");
    expect(video.muted).toBe(true);
  });

  it("says when only a press will do, and does not call a change of source a refusal", async () => {
    expect(await startPlaying(element(false, () => "NotAllowedError"))).toBe("blocked");
    expect(await startPlaying(element(true, () => "NotAllowedError"))).toBe("blocked");
    const video = element(false, () => "AbortError");
    expect(await startPlaying(video)).toBe("failed");
    expect(video.muted).toBe(false);
  });
});
