import fc from "fast-check";
import { expect, it } from "vitest";
import { beginsKeyframe } from "../rtp/keyframe.ts";
import { nalUnits, packetise, parameterSets } from "./packetise-h264.ts";

const SPS = Buffer.from([0x67, 0x4d, 0x40, 0x1f, 1, 2, 3]);
const PPS = Buffer.from([0x68, 0xee, 0x3c]);
const CONFIG = Buffer.concat([
  Buffer.from([1, 0x4d, 0x40, 0x1f, 0xff, 0xe1, 0, SPS.length]),
  SPS,
  Buffer.from([1, 0, PPS.length]),
  PPS,
]);
const withLengths = (units: readonly Buffer[]): Buffer =>
  Buffer.concat(units.flatMap((unit) => [Buffer.from([0, unit.length >> 16, unit.length >> 8, unit.length]), unit]));

/** Puts payloads together again, as a player does. */
function reassemble(payloads: readonly Buffer[]): Buffer[] {
  const units: Buffer[] = [];
  let parts: Buffer[] = [];
  for (const payload of payloads) {
    const type = (payload[0] ?? 0) & 0x1f;
    if (type === 28) {
      const flags = payload[1] ?? 0;
      if (flags & 0x80) parts = [Buffer.from([((payload[0] ?? 0) & 0xe0) | (flags & 0x1f)])];
      parts.push(payload.subarray(2));
      if (flags & 0x40) units.push(Buffer.concat(parts));
    } else if (type === 24) {
      for (let at = 1; at < payload.length; at += 2 + payload.readUInt16BE(at))
        units.push(payload.subarray(at + 2, at + 2 + payload.readUInt16BE(at)));
    } else units.push(payload);
  }
  return units;
}

it("finds the parameter sets, and none in what is no configuration", () => {
  expect(parameterSets(CONFIG)).toEqual([SPS, PPS]);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => parameterSets(Buffer.from(bytes)).length >= 0));
});

it("cuts any picture into payloads of bounded size that make the same units again", () => {
  const unit = fc
    .tuple(fc.constantFrom(0x41, 0x65, 0x01), fc.uint8Array({ minLength: 1, maxLength: 5_000 }))
    .map(([first, rest]) => Buffer.from([first, ...rest]));
  fc.assert(
    fc.property(fc.array(unit, { minLength: 1, maxLength: 4 }), (units) => {
      const payloads = packetise(withLengths(units), { sets: [SPS, PPS] });
      const isKey = units.some((one) => one[0] === 0x65);
      expect(reassemble(payloads)).toEqual(isKey ? [SPS, PPS, ...units] : units);
      expect(Math.max(...payloads.map(({ length }) => length))).toBeLessThanOrEqual(1_150);
      expect(beginsKeyframe("h264", payloads[0] ?? Buffer.alloc(0))).toBe(isKey);
    }),
  );
});

it("leaves delimiters and supplemental information out, and takes nothing cut off for a unit", () => {
  const picture = withLengths([Buffer.from([9, 0xf0]), Buffer.from([6, 1, 2]), Buffer.from([0x41, 7, 7])]);
  expect(packetise(picture, { sets: [] })).toEqual([Buffer.from([0x41, 7, 7])]);
  expect(nalUnits(picture.subarray(0, picture.length - 1))).toHaveLength(2);
});
