import { Writable } from "node:stream";
import { expect, it } from "vitest";
import { EncoderInput } from "./encoder-input.ts";

it("hands everything over in order, and says that a chunk has left only after the reader is through with it", async () => {
  const input = new EncoderInput();
  const written: number[] = [];
  const left: number[] = [];
  const slow = new Writable({
    highWaterMark: 64 * 1_024,
    write(chunk: Buffer, _encoding, done) {
      setTimeout(() => {
        written.push(chunk[0] ?? -1);
        expect(left).not.toContain(chunk[0]);
        done();
      }, 1);
    },
  });
  input.pipe(slow);
  for (let at = 0; at < 60; at++) {
    // Large ones and small ones: some fit into the writer's buffer together.
    input.add(Buffer.alloc(at % 3 === 0 ? 200_000 : 5_000, at), () => left.push(at));
  }
  while (written.length < 60) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(written).toEqual(Array.from({ length: 60 }, (_, at) => at));
  expect(left).toEqual(left.map((_, at) => at));
  expect(left.length).toBeGreaterThan(50);
  expect(input.waitingBytes).toBe(0);
});

it("counts what nobody has asked for", () => {
  const input = new EncoderInput();
  input.add(Buffer.alloc(10));
  input.add(Buffer.alloc(20));
  expect(input.waitingBytes).toBe(30);
});
