import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { namesPlaylistOf, parseTarget } from "./parse-target.ts";

const parsed = (target: string) => {
  const result = parseTarget(target);
  if (typeof result === "string") throw new Error(result);
  return result;
};

describe("parseTarget", () => {
  it("keeps the directives in one order and drops everything else", () => {
    expect(parsed("/live/room/p1/720p/media.m3u8?x=1&_HLS_part=2&v=abc&_HLS_msn=7&token=secret&_HLS_skip=YES")).toEqual(
      {
        room: "room",
        path: "/live/room/p1/720p/media.m3u8",
        directives: "_HLS_msn=7&_HLS_part=2&_HLS_skip=YES",
        viewer: "abc",
        kind: "media-playlist",
      },
    );
  });

  it("tells multivariant playlists, media playlists and media apart", () => {
    expect(parsed("/live/r/index.m3u8").kind).toBe("multivariant");
    expect(parsed("/live/r/p/720p/media.m3u8").kind).toBe("media-playlist");
    expect(parsed("/live/r/p/p1.m4s?_HLS_msn=1&v=x")).toMatchObject({ kind: "media", directives: "", viewer: "x" });
  });

  it.each([
    ["/live/", "not-found"],
    ["/live/room", "not-found"],
    ["/live/room/", "not-found"],
    ["/live//index.m3u8", "bad-path"],
    ["/live/room/../x", "bad-path"],
    ["/live/room/%2e%2e/x", "bad-path"],
    ["/live/room/a b", "bad-path"],
    ["/live/room/.hidden", "bad-path"],
    ["/live/room/m.m3u8?_HLS_msn=", "bad-query"],
    ["/live/room/m.m3u8?_HLS_msn", "bad-query"],
    ["/live/room/m.m3u8?_HLS_msn=1&_HLS_msn=1", "bad-query"],
    ["/live/room/m.m3u8?_HLS_msn=-1", "bad-query"],
    ["/live/room/m.m3u8?_HLS_msn=01", "bad-query"],
    ["/live/room/m.m3u8?_HLS_msn=1e3", "bad-query"],
    ["/live/room/m.m3u8?_HLS_skip=no", "bad-query"],
    [`/live/room/m.m3u8?${"x".repeat(2_048)}`, "url-too-long"],
  ])("refuses %s", (target, code) => {
    expect(parseTarget(target)).toBe(code);
  });

  it("takes a viewer's id only in the form players use", () => {
    for (const id of ["", "x".repeat(65), "a%20b", "a.b"]) expect(parsed(`/live/r/p/m.m3u8?v=${id}`).viewer).toBe("");
  });

  it("never throws, and what is not a directive never changes the key", () => {
    const noise = fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.stringMatching(/^[\w%.-]{0,12}$/)), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), noise, fc.nat(), (text, pairs, msn) => {
        parseTarget(`/live/${text}`);
        const query = pairs.map(([name, value]) => `${name}=${value}`).join("&");
        const { directives, path } = parsed(`/live/r/p/m.m3u8?${query}&_HLS_msn=${msn}&${query}`);
        expect([directives, path]).toEqual([`_HLS_msn=${msn}`, "/live/r/p/m.m3u8"]);
      }),
    );
  });
});

describe("a playlist of the program", () => {
  const program = { room: "hall", programId: "p1", rungs: [{ name: "720p" }, { name: "audio" }] };
  const names = (path: string): boolean => {
    const target = parseTarget(path);
    if (typeof target === "string") throw new Error(target);
    return namesPlaylistOf(target, program);
  };

  it("is the multivariant playlist, or that of a rendition there is", () => {
    expect(names("/live/hall/index.m3u8")).toBe(true);
    expect(names("/live/hall/p1/720p/media.m3u8?_HLS_msn=7")).toBe(true);
    expect(names("/live/hall/p1/audio/media.m3u8")).toBe(true);
  });

  it("is none of another program, of no rendition, under no other name, and no media", () => {
    expect(names("/live/hall/p2/720p/media.m3u8")).toBe(false);
    expect(names("/live/hall/p1/1080p/media.m3u8")).toBe(false);
    for (const name of ["m0", "index", "media-", "x/media"])
      expect(names(`/live/hall/p1/720p/${name}.m3u8`)).toBe(false);
    expect(names("/live/hall/p1/720p/p1-3.m4s")).toBe(false);
  });
});
