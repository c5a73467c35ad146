import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { earlyLinks, readEarly } from "./early-links.ts";

const early = { modules: ["/assets/watch.js"], styles: ["/assets/watch.css"] };

it("names a room's playlist, its record and the player's chunks", () => {
  expect(earlyLinks("/r/some-room", early)).toBe(
    "</live/some-room/index.m3u8>; rel=preload; as=fetch; crossorigin=anonymous, " +
      "</api/v1/rooms/some-room>; rel=preload; as=fetch; crossorigin=anonymous, " +
      "</assets/watch.js>; rel=modulepreload, </assets/watch.css>; rel=preload; as=style",
  );
  expect(earlyLinks("/some-room", early)).toBe(earlyLinks("/r/some-room", early));
});

it("has nothing for other pages, nor for what is no room's name", () => {
  for (const path of ["/", "/host", "/host/some-room", "/sign-in", "/r/", '/r/a">b', "/r/UPPER", "/r/a,b"]) {
    expect([path, earlyLinks(path, early)]).toEqual([path, undefined]);
  }
});

it("reads the build's list, and takes a broken one for none", async () => {
  const directory = await mkdtemp(join(tmpdir(), "early-"));
  expect(readEarly(directory)).toEqual({ modules: [], styles: [] });
  await writeFile(join(directory, "early.json"), '{"modules":1}');
  expect(readEarly(directory)).toEqual({ modules: [], styles: [] });
  await writeFile(join(directory, "early.json"), JSON.stringify(early));
  expect(readEarly(directory)).toEqual(early);
  await rm(directory, { recursive: true });
});
