import fc from "fast-check";
import { expect, test } from "vitest";
import { ChunkBudget, RtmpViolation } from "./guard-chunks.ts";
import { addressGroup, ConnectionGate } from "./guard-connections.ts";
import { RateBudget } from "./guard-rate.ts";
import { RTMP_LIMITS } from "./limits.ts";

const limits = {
  ...RTMP_LIMITS,
  commandBytes: 100,
  commandBytesInAll: 300,
  mediaBytes: 1_000,
  mediaBytesInAll: 3_000,
  chunkStreams: 4,
};

test("a connection never makes the server hold more than its bound, whatever it announces", () => {
  const announced = fc.array(fc.tuple(fc.nat(8), fc.nat(1_500)), { maxLength: 60 });
  fc.assert(
    fc.property(announced, fc.boolean(), (messages, live) => {
      const budget = new ChunkBudget(limits);
      const held = new Map<number, number>();
      for (const [chunkStream, length] of messages) {
        try {
          budget.admit(chunkStream, length, { live });
        } catch (error) {
          expect(error).toBeInstanceOf(RtmpViolation);
          return;
        }
        held.set(chunkStream, Math.max(held.get(chunkStream) ?? 0, length));
        const inAll = [...held.values()].reduce((sum, size) => sum + size, 0);
        expect(length).toBeLessThanOrEqual(live ? limits.mediaBytes : limits.commandBytes);
        expect(inAll).toBeLessThanOrEqual(live ? limits.mediaBytesInAll : limits.commandBytesInAll);
        expect([...held.values()].filter((size) => size > 0).length).toBeLessThanOrEqual(limits.chunkStreams);
      }
    }),
  );
});

test("what an encoder sends is admitted again and again", () => {
  const budget = new ChunkBudget(RTMP_LIMITS);
  for (let i = 0; i < 1_000; i += 1) {
    budget.admit(4, 60_000 + i, { live: true });
    budget.admit(6, 400, { live: true });
  }
});

test("an encoder at full rate never meets the rate bound, after a stall neither; a flood does", () => {
  let nowMs = 0;
  const rate = new RateBudget(RTMP_LIMITS, { nowMs: () => nowMs });
  const send = (messages: number, sizeBytes: number) => {
    for (let i = 0; i < messages; i += 1) {
      rate.read(sizeBytes);
      rate.message();
    }
  };
  for (let second = 0; second < 60; second += 1) {
    nowMs += 1_000;
    send(300, 20_000);
  }
  nowMs += 10_000;
  send(3_000, 20_000);
  nowMs += 10_000;
  expect(() => send(21_000, 1)).toThrow(RtmpViolation);
  const bytes = new RateBudget(RTMP_LIMITS, { nowMs: () => nowMs });
  expect(() => {
    for (let i = 0; i < 100; i += 1) bytes.read(1024 * 1024);
  }).toThrow(RtmpViolation);
});

test("the gate keeps to its bounds, evicts the oldest, and forgets who left", () => {
  const steps = fc.array(fc.tuple(fc.constantFrom("enter", "leave"), fc.nat(30), fc.nat(3)), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (given) => {
      const waiting: { readonly id: number; readonly address: string }[] = [];
      const evicted: number[] = [];
      const gate = new ConnectionGate<number>(
        { pending: 5, pendingPerAddress: 3 },
        { evict: (id) => evicted.push(id) },
      );
      const known = new Set<number>();
      for (const [step, id, host] of given) {
        const address = `10.0.0.${host}`;
        const at = waiting.findIndex((entry) => entry.id === id);
        if (step === "leave") {
          gate.leave(id);
          if (at >= 0) waiting.splice(at, 1);
        } else if (!known.has(id)) {
          const ofAddress = waiting.filter((entry) => entry.address === address).length;
          expect(gate.allows(address)).toBe(ofAddress < 3);
          if (!gate.allows(address)) continue;
          known.add(id);
          if (waiting.length === 5) expect(waiting.shift()?.id).toBeDefined();
          gate.enter(id, address);
          waiting.push({ id, address });
        }
        expect(gate.pending).toBe(waiting.length);
      }
      for (const { id } of waiting) gate.leave(id);
      expect(gate.pending).toBe(0);
      for (let host = 0; host <= 3; host += 1) expect(gate.allows(`10.0.0.${host}`)).toBe(true);
    }),
  );
});

test("one sender is an IPv4 address, mapped or not, or the /64 of an IPv6 one", () => {
  expect(addressGroup("::ffff:10.1.2.3")).toBe(addressGroup("10.1.2.3"));
  expect(addressGroup("2001:db8:1:2:3:4:5:6")).toBe(addressGroup("2001:db8:1:2::9"));
  expect(addressGroup("2001:db8:1:2::9")).not.toBe(addressGroup("2001:db8:1:3::9"));
  expect(addressGroup("fe80::1%eth0")).toBe(addressGroup("fe80::2"));
  expect(addressGroup("::1")).toBe("0:0:0:0");
});
