import { expect, it } from "vitest";
import { readVp8Numbers } from "../rtp/vp8.ts";
import { Vp8NumberRun } from "./vp8-numbers.ts";

/** RFC 7741 4.2: X, then I, L, T and K; a PictureID of 15 bits or 7, TL0PICIDX, TID and KEYIDX. */
const long = (picture: number, base: number, key: number): Buffer =>
  Buffer.from([0x90, 0xf0, 0x80 | (picture >> 8), picture & 0xff, base, 0x40 | key, 7]);
const short = (picture: number): Buffer => Buffer.from([0x90, 0x80, picture, 7]);

it("goes on across layers, and wraps", () => {
  const run = new Vp8NumberRun();
  expect(run.push(long(0x7ffe, 254, 30), { stay: 1, newest: true })).toEqual(long(0x7ffe, 254, 30));
  expect(run.push(long(0x7fff, 255, 30), { stay: 1, newest: true })).toEqual(long(0x7fff, 255, 30));
  expect(run.push(long(500, 9, 3), { stay: 2, newest: true })).toEqual(long(0, 0, 31));
  expect(run.push(long(502, 11, 3), { stay: 2, newest: true })).toEqual(long(2, 2, 31));
  expect(run.push(long(501, 10, 3), { stay: 2, newest: false })).toEqual(long(1, 1, 31));
  expect(run.push(long(40, 200, 0), { stay: 3, newest: true })).toEqual(long(3, 3, 0));
  expect(run.again(long(0x7fff, 255, 30), 1)).toEqual(long(0x7fff, 255, 30));
});

it("leaves alone what a descriptor does not have, and the packet it was given", () => {
  const run = new Vp8NumberRun();
  run.push(short(5), { stay: 1, newest: true });
  const given = short(90);
  expect(run.push(given, { stay: 2, newest: true })).toEqual(short(6));
  expect(given).toEqual(short(90));
  const plain = Buffer.from([0x10, 0, 0x9d]);
  expect(run.push(plain, { stay: 3, newest: true })).toEqual(plain);
  expect(readVp8Numbers(Buffer.from([0x90]))).toEqual({ picture: 0, base: 0, key: 0 });
  expect(run.push(Buffer.from([0x90]), { stay: 4, newest: true })).toEqual(Buffer.from([0x90]));
});
