import { randomFrom } from "@lianmai/process/testing/seeded-random";
import { describe, expect, it } from "vitest";
import { chooseLayers } from "../stage/choose-layers.ts";
import { VirtualWay, type WayOptions } from "../testing/virtual-way.ts";
import { BandwidthEstimator } from "./bandwidth.ts";

const WIDE: WayOptions = { bitsPerSecond: 50_000_000, queueBytes: 200_000, burstBytes: 100_000 };
const NARROW: WayOptions = { bitsPerSecond: 300_000, queueBytes: 21_000, burstBytes: 10_000 };
const LAYERS = [160_000, 800_000].map((bitsPerSecond, index) => ({ index, bitsPerSecond }));
const ALLOCATE_EVERY_MS = 500;
/** From the request to the first packet of it. */
const KEYFRAME_MS = 60;
const PACKET_BYTES = 1_100;
const VOICE = { everyMs: 20, bytes: 110 };

/** A voice and a picture sent as a stage does, over a way that changes. */
class Show {
  readonly way: VirtualWay;
  readonly bandwidth = new BandwidthEstimator();
  /** The layer forwarded, in the order in which it changed, undefined while a keyframe is waited for. */
  readonly layers: { readonly atMs: number; readonly layer: number | undefined }[] = [];
  /** Voices that came, milliseconds. */
  readonly voices: number[] = [];
  /** Bytes sent for nothing but to learn. */
  probed = 0;
  readonly #loss: () => boolean;
  #voiceSequences = new Set<number>();
  #nowMs = 0;
  #sequence = 0;
  #layer: number | undefined;
  #wanted = 0;
  #keyframeMs = KEYFRAME_MS;
  #owedBits = 0;

  constructor(options: WayOptions, loss: () => boolean = () => false) {
    this.way = new VirtualWay(options);
    this.#loss = loss;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  run(seconds: number): void {
    for (const endMs = this.#nowMs + seconds * 1_000; this.#nowMs < endMs; ) this.#millisecond();
  }

  /** The longest time between two voices that came, since `fromMs`. */
  longestSilence(fromMs: number): number {
    for (const { sequence, atMs } of this.way.came.splice(0)) {
      if (this.#voiceSequences.delete(sequence)) this.voices.push(atMs);
    }
    const since = this.voices.filter((atMs) => atMs >= fromMs);
    return Math.max(...since.slice(1).map((atMs, i) => atMs - (since[i] ?? 0)));
  }

  #millisecond(): void {
    this.#nowMs += 1;
    const now = this.#nowMs;
    if (now % VOICE.everyMs === 0) this.#voiceSequences.add(this.#send(VOICE.bytes));
    if (this.#layer !== this.#wanted && now >= this.#keyframeMs) this.#forward(this.#wanted);
    this.#owedBits += (LAYERS[this.#layer ?? -1]?.bitsPerSecond ?? 0) / 1_000;
    for (; this.#owedBits >= PACKET_BYTES * 8; this.#owedBits -= PACKET_BYTES * 8) this.#send(PACKET_BYTES);
    if (now % 20 === 0) this.#probe();
    const feedback = this.way.tick(now);
    if (feedback && this.bandwidth.feedback(feedback, now)) this.#choose();
    if (now % ALLOCATE_EVERY_MS === 0) this.#choose();
  }

  #probe(): void {
    for (let due = this.bandwidth.probe(this.#nowMs); due > 0; due -= PACKET_BYTES) {
      this.probed += PACKET_BYTES;
      this.#send(PACKET_BYTES);
    }
  }

  #send(bytes: number): number {
    this.#sequence += 1;
    this.bandwidth.sent(this.#sequence & 0xffff, bytes, this.#nowMs);
    if (!this.#loss()) this.way.send(this.#sequence, bytes);
    return this.#sequence;
  }

  #choose(): void {
    const { bandwidth } = this;
    const bits = bandwidth.heard ? bandwidth.estimate : Number.POSITIVE_INFINITY;
    const congested = bandwidth.congested(this.#nowMs);
    const picture = { layers: LAYERS, height: 720, current: this.#wanted };
    const { layers, next } = chooseLayers([picture], 1, { bits, congested });
    bandwidth.wish(next);
    const [layer = -1] = layers;
    if (layer === this.#wanted) return;
    this.#wanted = layer;
    this.#keyframeMs = this.#nowMs + KEYFRAME_MS + (congested ? bandwidth.drainMs : 0);
    if (congested) this.#forward(undefined);
  }

  #forward(layer: number | undefined): void {
    this.#layer = layer;
    this.layers.push({ atMs: this.#nowMs, layer });
  }
}

const settled = (options: WayOptions, loss?: () => boolean): Show => {
  const show = new Show(options, loss);
  show.run(20);
  return show;
};

describe("a way to a receiver", () => {
  it("that is wide carries the highest layer, and goes on doing so", () => {
    const show = settled(WIDE);
    expect(show.layers.at(-1)?.layer).toBe(1);
    const changes = show.layers.length;
    show.run(60);
    expect(show.layers).toHaveLength(changes);
  });

  it("that becomes narrow carries the lowest layer within 1,200 ms, sound throughout, and stays there", () => {
    const show = settled(WIDE);
    const cutMs = show.nowMs;
    show.layers.length = 0;
    show.way.become(NARROW);
    show.run(60);
    expect(show.layers.map(({ layer }) => layer)).toEqual([undefined, 0]);
    expect((show.layers.at(-1)?.atMs ?? 0) - cutMs).toBeLessThan(1_200);
    expect(show.longestSilence(cutMs)).toBeLessThan(200);
  });

  it("that becomes narrow is known for what it carries, and seldom tried for more", () => {
    const show = settled(WIDE);
    show.way.become(NARROW);
    show.run(1.5);
    expect(show.bandwidth.estimate).toBeGreaterThan(180_000);
    expect(show.bandwidth.estimate).toBeLessThan(300_000);
    show.run(20);
    const before = show.probed;
    show.run(60);
    expect(show.probed - before).toBeGreaterThan(0);
    expect(show.probed - before).toBeLessThan((0.12 * 60 * NARROW.bitsPerSecond) / 8);
  });

  it("that becomes wide again carries the highest layer within 12 s, however long it was narrow", () => {
    for (const narrowSeconds of [3, 12, 31, 60]) {
      const show = settled(WIDE);
      show.way.become(NARROW);
      show.run(narrowSeconds);
      const wideMs = show.nowMs;
      show.layers.length = 0;
      show.way.become(WIDE);
      show.run(30);
      expect(show.layers.map(({ layer }) => layer)).toEqual([1]);
      expect((show.layers[0]?.atMs ?? 0) - wideMs).toBeLessThan(12_000);
    }
  });

  it("that loses 5 % by chance is not taken for narrow", () => {
    const random = randomFrom(1);
    const show = settled(WIDE, () => random() < 0.05);
    show.layers.length = 0;
    show.run(60);
    expect(show.layers).toEqual([]);
  });

  it("that loses much once is not taken for narrow, and one that goes on losing is", () => {
    let lossy = false;
    const random = randomFrom(2);
    const show = settled(WIDE, () => lossy && random() < 0.3);
    show.layers.length = 0;
    lossy = true;
    show.run(0.2);
    lossy = false;
    show.run(5);
    expect(show.layers).toEqual([]);
    lossy = true;
    show.run(3);
    expect(show.layers.at(-1)?.layer).toBe(0);
  });

  it("that is late now and then, as a busy machine is, is not taken for narrow", () => {
    const show = settled(WIDE);
    show.layers.length = 0;
    for (let i = 0; i < 20; i += 1) {
      show.way.become({ ...WIDE, bitsPerSecond: 0, burstBytes: 0 });
      show.run(0.08);
      show.way.become(WIDE);
      show.run(1);
    }
    expect(show.layers).toEqual([]);
  });
});
