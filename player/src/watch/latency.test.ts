import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterStall, baseTargetMs, LATENCY_TICK_MS, MAX_RATE, startLatencyMemory, stepLatency } from "./latency.ts";

const at = (latencyMs: number, aheadMs: number, partTargetMs = 333) =>
  stepLatency({ latencyMs, aheadMs, partTargetMs, nowMs: 1_000 }, startLatencyMemory);

describe("latency", () => {
  it("aims at 0.85 s with 333 ms parts and at three parts of 200 ms", () => {
    expect(baseTargetMs(333)).toBeCloseTo(849, 0);
    expect(baseTargetMs(200)).toBe(600);
    expect(baseTargetMs(100)).toBe(500);
    expect(baseTargetMs(1_000)).toBe(2_500);
  });

  it("plays at 1 near the target", () => {
    expect(at(860, 600).rate).toBe(1);
    expect(at(800, 600).rate).toBe(1);
  });

  it("catches up gently, more when later, never above the limit", () => {
    expect(at(1_100, 700).rate).toBeCloseTo(1.06);
    expect(at(1_500, 1_000).rate).toBe(MAX_RATE);
    expect(at(4_000, 2_000).rate).toBe(MAX_RATE);
  });

  it("does not catch up on a thin buffer and eases off when it is nearly dry", () => {
    expect(at(1_500, 300).rate).toBe(1);
    expect(at(1_500, 50).rate).toBeLessThan(1);
  });

  it("gives ground when closer than the target", () => {
    expect(at(700, 500).rate).toBeLessThan(1);
  });

  it("seeks when hopelessly late", () => {
    expect(at(5_200, 2_000).seekToLive).toBe(true);
    expect(at(4_700, 2_000).seekToLive).toBe(false);
  });

  it("grows its target by stalls and gives it back slowly", () => {
    let memory = afterStall(afterStall(startLatencyMemory, 1_000), 2_000);
    const situation = { latencyMs: 1_000, aheadMs: 500, partTargetMs: 333 };
    expect(stepLatency({ ...situation, nowMs: 3_000 }, memory).targetMs).toBeCloseTo(849 + 300, 0);
    for (let nowMs = 3_000; nowMs < 42_000; nowMs += LATENCY_TICK_MS) {
      memory = stepLatency({ ...situation, nowMs }, memory).memory;
    }
    expect(memory.extraMs).toBeGreaterThan(150);
    expect(memory.extraMs).toBeLessThan(290);
    for (let nowMs = 42_000; nowMs < 150_000; nowMs += LATENCY_TICK_MS) {
      memory = stepLatency({ ...situation, nowMs }, memory).memory;
    }
    expect(memory.extraMs).toBe(0);
  });

  it("converges on the target from anywhere within its range, and stays", () => {
    fc.assert(
      fc.property(fc.integer({ min: 500, max: 4_500 }), fc.constantFrom(200, 333, 500), (startMs, partMs) => {
        let latencyMs = startMs;
        let memory = startLatencyMemory;
        const target = baseTargetMs(partMs);
        for (let nowMs = 0; nowMs < 120_000; nowMs += LATENCY_TICK_MS) {
          const aheadMs = Math.max(0, latencyMs - partMs / 2);
          const step = stepLatency({ latencyMs, aheadMs, partTargetMs: partMs, nowMs }, memory);
          memory = step.memory;
          latencyMs = step.seekToLive ? target : latencyMs - (step.rate - 1) * LATENCY_TICK_MS;
        }
        expect(Math.abs(latencyMs - target)).toBeLessThan(110);
      }),
    );
  });
});
