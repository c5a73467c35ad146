import { describe, expect, test } from "vitest";
import { advancePartLimit, decideReload, type PlaylistHead, readDirectives } from "./blocking-reload.ts";

const OPEN: PlaylistHead = { msn: 20, parts: 3, complete: false };
const FINISHED: PlaylistHead = { msn: 20, parts: 6, complete: true };
const decide = (msn: number | null, part: number | null, head: PlaylistHead): string => {
  const decision = decideReload({ msn, part }, head, 1 / 3);
  return decision.kind === "bad" ? decision.code : decision.kind;
};

describe("decideReload", () => {
  test("without directives the newest playlist is ready", () => {
    expect(decide(null, null, OPEN)).toBe("ready");
  });

  test("[6.2.5.2-M1] a segment alone is waited for until it is complete", () => {
    expect(decide(19, null, OPEN)).toBe("ready");
    expect(decide(20, null, OPEN)).toBe("wait");
    expect(decide(20, null, FINISHED)).toBe("ready");
    expect(decide(21, null, FINISHED)).toBe("wait");
  });

  test("[6.2.5.2-M2] a part is waited for until it, or something later, is listed", () => {
    expect(decide(20, 2, OPEN)).toBe("ready");
    expect(decide(20, 3, OPEN)).toBe("wait");
    expect(decide(21, 0, OPEN)).toBe("wait");
    expect(decide(19, 5, OPEN)).toBe("ready");
  });

  test("[6.2.5.2-M3] a part past the end of a finished segment is part 0 of the next", () => {
    expect(decide(20, 6, FINISHED)).toBe("wait");
    expect(decide(20, 6, { msn: 21, parts: 1, complete: false })).toBe("ready");
    expect(decide(20, 99, { msn: 21, parts: 1, complete: false })).toBe("ready");
  });

  test("[6.2.5.2-M4] what has left the playlist is answered with the playlist", () => {
    expect(decide(1, null, OPEN)).toBe("ready");
    expect(decide(1, 50, OPEN)).toBe("ready");
  });

  test("[6.2.5.2-S1] more than two segments, or the advance part limit, ahead is refused", () => {
    expect(decide(21, null, OPEN)).toBe("wait");
    expect(decide(22, null, OPEN)).toBe("msn-too-far");
    expect(decide(22, null, FINISHED)).toBe("wait");
    expect(decide(23, 0, FINISHED)).toBe("msn-too-far");
    expect(decide(20, 11, OPEN)).toBe("wait");
    expect(decide(20, 12, OPEN)).toBe("part-too-far");
    expect(decide(21, 8, OPEN)).toBe("wait");
    expect(decide(21, 9, OPEN)).toBe("part-too-far");
  });

  test("[6.2.5.2-S1] the advance part limit is three seconds of parts, three parts when they are long", () => {
    expect([0.2, 1 / 3, 0.9, 1, 2].map(advancePartLimit)).toEqual([15, 9, 4, 3, 3]);
  });
});

describe("readDirectives", () => {
  const code = (query: string): string => {
    const read = readDirectives(query);
    return "code" in read ? read.code : "fine";
  };

  test("[6.2.5-D] reads the three directives and ignores other parameters", () => {
    expect(readDirectives("")).toEqual({ msn: null, part: null, skip: false });
    expect(readDirectives("_HLS_msn=7&_HLS_part=2&_HLS_skip=YES")).toEqual({ msn: 7, part: 2, skip: true });
    expect(readDirectives("token=x&_HLS_msn=0&_HLS_skip=v2&_HLS_other=1")).toEqual({ msn: 0, part: null, skip: true });
  });

  test("[6.2.5.2-M6] a part without a segment is refused", () => {
    expect(code("_HLS_part=1")).toBe("part-without-msn");
  });

  test("[6.2.5-D] what is not a decimal integer, or stands twice, is refused", () => {
    for (const bad of ["", "-1", "1.5", "0x10", "1e3", "NaN", " 1", "9".repeat(16), "%31%00"]) {
      expect(code(`_HLS_msn=${bad}`), bad).toBe("directive-invalid");
      expect(code(`_HLS_msn=1&_HLS_part=${bad}`), bad).toBe("directive-invalid");
    }
    expect(code("_HLS_msn=1&_HLS_msn=1")).toBe("directive-repeated");
    expect(code("_HLS_skip=yes")).toBe("skip-invalid");
    expect(code("_HLS_skip=")).toBe("skip-invalid");
  });
});
