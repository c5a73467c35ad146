import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { type MixerRecord, RecordReader } from "../protocol.ts";
import { RecordWriter } from "./record-writer.ts";

/** A parent that reads only when told. */
class SlowParent extends Writable {
  readonly reader = new RecordReader({ maxPayloadBytes: 1_000_000 });
  readonly records: MixerRecord[] = [];
  #waiting: (() => void)[] = [];
  isReading = false;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.records.push(...this.reader.push(chunk));
    if (this.isReading) setImmediate(done);
    else this.#waiting.push(done);
  }

  read(): void {
    this.isReading = true;
    for (const done of this.#waiting.splice(0)) done();
  }
}

test("a parent that stops reading loses old pictures, no sound, and every picture is given back", async () => {
  const parent = new SlowParent();
  const writer = new RecordWriter(parent);
  let released = 0;
  for (let k = 0; k < 50; k++) {
    writer.write("video", k, { data: Buffer.alloc(1_000, k), done: () => released++ });
    writer.write("audio", k, { data: Buffer.alloc(40, k) });
  }
  expect(writer.dropped).toBeGreaterThan(40);
  parent.read();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const of = (kind: MixerRecord["kind"]): number[] =>
    parent.records.filter((record) => record.kind === kind).map(({ index }) => index);
  expect(of("audio")).toEqual(Array.from({ length: 50 }, (_, k) => k));
  expect(of("video").slice(-4)).toEqual([46, 47, 48, 49]);
  expect(released).toBe(50);
  expect(of("video").length + writer.dropped).toBe(50);
});

test("a closed writer gives back what it held", () => {
  const writer = new RecordWriter(new SlowParent());
  let released = 0;
  for (let k = 0; k < 5; k++) writer.write("video", k, { data: Buffer.alloc(10), done: () => released++ });
  writer.close();
  expect(released).toBe(3);
});
