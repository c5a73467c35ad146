/** The only importer of lru-cache. */
import { LRUCache } from "lru-cache";

/** A map with a bound: the least recently used entry goes first. */
export interface BoundedCache<Value extends object> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
  /** Bytes of all entries, by `sizeBytes`; 0 when the bound is a count. */
  readonly sizeBytes: number;
}

/** Bounded by the number of entries, which may also age. */
export function createCountedCache<Value extends object>(options: {
  readonly maxEntries: number;
  readonly forgetAfterMs?: number;
}): BoundedCache<Value> {
  return wrap(new LRUCache<string, Value>({ max: options.maxEntries, ttl: options.forgetAfterMs ?? 0 }));
}

/** Bounded by bytes; an entry of more than a quarter of them is not kept. */
export function createSizedCache<Value extends object>(options: {
  readonly maxBytes: number;
  readonly sizeBytes: (value: Value) => number;
}): BoundedCache<Value> {
  const { maxBytes, sizeBytes } = options;
  return wrap(
    new LRUCache<string, Value>({ maxSize: maxBytes, maxEntrySize: maxBytes / 4, sizeCalculation: sizeBytes }),
  );
}

const wrap = <Value extends object>(cache: LRUCache<string, Value>): BoundedCache<Value> => ({
  get: (key) => cache.get(key),
  set: (key, value) => void cache.set(key, value),
  delete: (key) => void cache.delete(key),
  get sizeBytes() {
    return cache.calculatedSize;
  },
});
