import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pictureSize } from "./picture-size.ts";

/** The hvcC box body of an HEVC file that ffmpeg makes. */
function hvcC(size: string): Buffer {
  const directory = mkdtempSync(join(tmpdir(), "ingest-hevc-"));
  const file = join(directory, "one.mp4");
  spawnSync("ffmpeg", [
    ...["-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", `testsrc2=s=${size}:r=5`, "-t", "0.4"],
    ...["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-tag:v", "hvc1", file],
  ]);
  const bytes = readFileSync(file);
  rmSync(directory, { recursive: true });
  const at = bytes.indexOf("hvcC");
  return bytes.subarray(at + 4, at - 4 + bytes.readUInt32BE(at - 4));
}

test.each(["640x360", "1282x722"])("HEVC at %s is read past its conformance window", (size) => {
  const [width, height] = size.split("x").map(Number);
  expect(pictureSize("hevc", hvcC(size))).toEqual({ width, height });
});

test("damaged configurations give no size, and take no time", () => {
  const config = hvcC("640x360");
  fc.assert(
    fc.property(
      fc.constantFrom("h264" as const, "hevc" as const, "av1" as const),
      fc.nat(),
      fc.nat(255),
      fc.nat(),
      (codec, at, value, cut) => {
        const damaged = Buffer.from(config.subarray(0, cut % (config.length + 1)));
        if (damaged.length > 0) damaged[at % damaged.length] = value;
        const size = pictureSize(codec, damaged);
        if (size) expect(size.width * size.height).toBeGreaterThan(0);
      },
    ),
  );
});

test("a picture order cycle of billions is not walked through", () => {
  // Baseline SPS with pic_order_cnt_type 1 and the largest count its code can say.
  const bits = `${"1"}${"1"}${"010"}${"0"}${"1"}${"1"}${"0".repeat(31)}1${"0".repeat(31)}`;
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
  const sps = Buffer.from([0x67, 66, 0, 30, ...(padded.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))]);
  const head = Buffer.from([1, 66, 0, 30, 0xff, 0xe1, 0, sps.length]);
  expect(pictureSize("h264", Buffer.concat([head, sps]))).toBeUndefined();
});
