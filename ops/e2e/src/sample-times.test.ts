import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { leftOut, probePackets, timeBreaks } from "./record.ts";

/** Three seconds by ffmpeg, a fragment each second; `select` chooses pictures by their number `n`. */
function fragmented(select: string, { audio = false } = {}): Buffer {
  const run = spawnSync(
    "ffmpeg",
    [
      ...["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x36:rate=30"],
      ...(audio ? ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"] : []),
      ...["-t", "3", "-vf", `select='${select}'`, "-fps_mode", "vfr", "-c:v", "libx264", "-tune", "zerolatency"],
      ...["-force_key_frames", "1,2", "-c:a", "aac"],
      ...["-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "pipe:1"],
    ],
    { maxBuffer: 1 << 24 },
  );
  expect(run.stderr.toString()).toBe("");
  return run.stdout;
}

/** Without the fragment (moof and mdat) of that number. */
function withoutFragment(file: Buffer, number: number): Buffer {
  const kept: Buffer[] = [];
  let fragment = -1;
  for (let at = 0; at < file.length; at += file.readUInt32BE(at)) {
    if (file.toString("latin1", at + 4, at + 8) === "moof") fragment++;
    if (fragment !== number) kept.push(file.subarray(at, at + file.readUInt32BE(at)));
  }
  return Buffer.concat(kept);
}

describe("the times of a recording", () => {
  it("show nothing where each picture begins as the one before ends", () => {
    const packets = probePackets(fragmented("1"));
    expect(packets.filter(({ track }) => track === "video")).toHaveLength(90);
    expect(timeBreaks(packets, "video")).toEqual([]);
    expect(leftOut(packets, "video")).toBe(0);
  });

  it("are told apart by track", () => {
    const packets = probePackets(fragmented("1", { audio: true }));
    expect(packets.filter(({ track }) => track === "video")).toHaveLength(90);
    expect(timeBreaks(packets, "audio")).toEqual([]);
    expect(packets.find(({ track }) => track === "audio")?.duration).toBe(1_024);
  });

  it("show a picture left out as a longer one before it, not as a hole", () => {
    const packets = probePackets(fragmented("not(between(n,7,8))"));
    const usual = packets[0]?.duration ?? 0;
    expect(timeBreaks(packets, "video")).toEqual([`video packet 6 lasts ${3 * usual} instead of ${usual}`]);
    expect(leftOut(packets, "video")).toBe(2);
  });

  it("show a missing fragment as a step, and one that is cut off as what it is", () => {
    const file = fragmented("1");
    const packets = probePackets(withoutFragment(file, 1));
    const usual = packets[0]?.duration ?? 0;
    expect(timeBreaks(packets, "video")).toEqual([`video packet 30: step ${31 * usual} after a duration of ${usual}`]);
    expect(() => probePackets(file.subarray(0, -1))).toThrow();
  });
});
