import { expect, it } from "vitest";
import { Resampler, SoundDecoder } from "../av/sound-decoder.ts";
import { SoundBus } from "../sound/sound-bus.ts";
import { OpusSounds } from "./opus-sounds.ts";

const BLOCK = 1_600;
/** Pitch of the nth tone in Hz; full scale is 1. */
const tone = (hz: number) => ({
  sourceId: String(hz),
  readSound(from: number, left: Float32Array, right: Float32Array) {
    for (let i = 0; i < left.length; i++) {
      left[i] = 0.3 * Math.sin(((from + i) * 2 * Math.PI * hz) / 48_000);
      right[i] = left[i] ?? 0;
    }
    return true;
  },
});

interface Packet {
  readonly track: "mix" | "solo";
  readonly sample: number;
  readonly data: Buffer;
}

/** Encodes a second of two tones, one of them alone as well. */
function encode(): Packet[] {
  const packets: Packet[] = [];
  const bus = new SoundBus({ blockSamples: BLOCK });
  const sounds = new OpusSounds({ opus: (track, sample, data) => packets.push({ track, sample, data }) });
  bus.keepSolo("440");
  for (let block = 0; block < 30; block++) {
    const levels = [tone(440), tone(1_000)].map((input) => ({ input, gain: 1 }));
    const mix = bus.mix(block * BLOCK, levels);
    // One block is left out, as after a stall.
    if (block !== 20) sounds.push(block * BLOCK, { mix, solo: bus.solo() });
  }
  sounds.close();
  return packets;
}

/** Strength of a pitch in the decoded second half of a track. */
function strength(packets: readonly Packet[], hz: number): number {
  // RFC 7845 5.1: stereo, 48 kHz, mapping family 0.
  const config = Buffer.from(
    [..."OpusHead"].map((c) => c.charCodeAt(0)).concat([1, 2, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0]),
  );
  const decoder = new SoundDecoder({ codec: "opus", config });
  let resampler: Resampler | undefined;
  let [real, imaginary, count] = [0, 0, 0];
  for (const { data } of packets) {
    decoder.decode(data, 0, (sound) => {
      resampler ??= new Resampler(sound);
      const made = resampler.convert(sound);
      for (const value of resampler.left.subarray(0, made)) {
        const angle = (count * 2 * Math.PI * hz) / 48_000;
        real += value * Math.cos(angle);
        imaginary += value * Math.sin(angle);
        count++;
      }
    });
  }
  decoder.close();
  resampler?.close();
  return (2 * Math.hypot(real, imaginary)) / count;
}

it("gives packets of 20 ms on the program's samples, beginning anew behind a gap", () => {
  const samples = encode()
    .filter(({ track }) => track === "mix")
    .map(({ sample }) => sample);
  expect(samples.slice(0, 4)).toEqual([0, 960, 1_920, 2_880]);
  const behind = samples.filter((sample) => sample >= 21 * BLOCK);
  expect(behind[0]).toBe(21 * BLOCK);
  expect(samples.filter((sample) => sample > 20 * BLOCK - 960 && sample < 21 * BLOCK)).toEqual([]);
});

it("has everybody in the mix, and one alone beside it", () => {
  const early = encode().filter(({ sample }) => sample < 19 * BLOCK);
  const [mix, solo] = (["mix", "solo"] as const).map((track) => early.filter((packet) => packet.track === track));
  expect(strength(mix ?? [], 440)).toBeGreaterThan(0.2);
  expect(strength(mix ?? [], 1_000)).toBeGreaterThan(0.2);
  expect(strength(solo ?? [], 440)).toBeGreaterThan(0.2);
  expect(strength(solo ?? [], 1_000)).toBeLessThan(0.02);
});
