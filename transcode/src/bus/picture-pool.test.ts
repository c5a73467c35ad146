import { expect, it } from "vitest";
import { PicturePool } from "./picture-pool.ts";

it("lends a buffer again only after its last holder has released it", () => {
  const pool = new PicturePool();
  const first = pool.take(64);
  pool.hold(first);
  pool.release(first);
  expect(pool.take(64)).not.toBe(first);
  pool.release(first);
  expect(pool.take(64)).toBe(first);
});

it("never lends a buffer of another size", () => {
  const pool = new PicturePool();
  pool.release(pool.take(64));
  expect(pool.take(128)).toHaveLength(128);
});

it("leaves alone what is not its own, and refuses to release twice", () => {
  const pool = new PicturePool();
  const foreign = Buffer.alloc(64);
  pool.hold(foreign);
  pool.release(foreign);
  pool.release(foreign);
  expect(pool.take(64)).not.toBe(foreign);
  const own = pool.take(64);
  pool.release(own);
  expect(() => pool.release(own)).toThrow(/more often/);
});
