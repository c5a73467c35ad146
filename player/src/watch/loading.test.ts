import { describe, expect, it } from "vitest";
import { isMedia, patient, withViewer } from "./loading.ts";

describe("loading", () => {
  it("asks again for playlists whatever the answer was, at a pace of its own", () => {
    const { errorRetry } = patient(() => 0.5, 1_000, false);
    for (const code of [0, 404, 500, 503]) expect(errorRetry.shouldRetry({}, 900, false, { code })).toBe(true);
    expect(errorRetry.shouldRetry({}, 1_000, false, { code: 503 })).toBe(false);
    expect(errorRetry.shouldRetry({}, 0, false, { code: 403 })).toBe(false);
    expect(patient(() => 0, 9, false).errorRetry.retryDelayMs).toBe(300);
    expect(patient(() => 1, 9, false).errorRetry.retryDelayMs).toBe(800);
  });

  it("gives media up that has left the window", () => {
    const { errorRetry } = patient(() => 0, 60, true);
    expect(errorRetry.shouldRetry({}, 0, false, { code: 404 })).toBe(true);
    expect(errorRetry.shouldRetry({}, 1, false, { code: 404 })).toBe(false);
    expect(errorRetry.shouldRetry({}, 30, false, { code: 503 })).toBe(true);
    expect(errorRetry.shouldRetry({}, 30, false, undefined)).toBe(true);
  });

  it("adds the viewer to whatever the address already asks for", () => {
    expect(withViewer("http://a.example/m.m3u8?_HLS_msn=3", "x")).toBe("http://a.example/m.m3u8?_HLS_msn=3&v=x");
    expect(withViewer("http://a.example/m.m3u8?v=old", "x")).toBe("http://a.example/m.m3u8?v=x");
  });

  it("knows media from playlists and init segments", () => {
    expect(isMedia({ frag: { sn: 4, duration: 1 } })).toBe(true);
    expect(isMedia({ frag: { sn: "initSegment", duration: 0 } })).toBe(false);
    expect(isMedia({ type: "level" })).toBe(false);
  });
});
