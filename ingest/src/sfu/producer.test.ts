import { expect, it } from "vitest";
import { readRtp, writeRtp } from "../rtp/packet.ts";
import { Producer } from "./producer.ts";

const SSRC = 5;

it("is as loud as its newest sound, and silent when none arrives any more", () => {
  const codec = { name: "opus", clockRate: 48_000, channels: 2, fmtp: "" } as const;
  const producer = new Producer({ kind: "audio", codec, sendKeyframeRequest: () => {} });
  const layer = producer.addLayer(SSRC, "");
  const hear = (level: number, nowMs: number) => {
    const packet = writeRtp(Buffer.from("sound"), {
      ...{ payloadType: 111, sequence: nowMs / 20, timestamp: nowMs * 48, ssrc: SSRC },
      ...{ marker: false, transportSequenceId: 0 },
    });
    const header = readRtp(packet);
    if (header) producer.receive(layer, packet, header, nowMs);
    producer.sounds(level);
  };
  expect(producer.audioLevel(0)).toBe(127);
  hear(40, 20);
  hear(30, 40);
  expect(producer.audioLevel(40)).toBe(30);
  expect(producer.audioLevel(440)).toBe(30);
  expect(producer.audioLevel(600)).toBe(127);
  hear(20, 620);
  expect(producer.audioLevel(640)).toBe(20);
});
