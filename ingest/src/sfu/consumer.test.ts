import { beforeEach, describe, expect, it } from "vitest";
import { readRtp, writeRtp } from "../rtp/packet.ts";
import { Consumer } from "./consumer.ts";
import { Producer } from "./producer.ts";

/** RFC 7741 4.2, 4.3: a picture's first packet, of a keyframe or not. */
const KEY = Buffer.from([0x10, 0x00, 0x9d, 0x01]);
const DELTA = Buffer.from([0x10, 0x01, 0x00, 0x00]);
const SSRCS = [11, 12] as const;
const RTX_SSRC = 8;
const DRAIN_MS = 300;

/** SSRCs asked for a keyframe. */
let asked: number[] = [];
let sent: Buffer[] = [];
let sequences = [100, 200];
let producer: Producer;
let consumer: Consumer;

const receive = (layer: 0 | 1, payload: Buffer, nowMs: number): void => {
  const found = producer.layers[layer];
  sequences[layer] = (sequences[layer] ?? 0) + 1;
  const packet = writeRtp(payload, {
    ...{ payloadType: 96, sequence: sequences[layer] ?? 0, timestamp: nowMs * 90, ssrc: SSRCS[layer] },
    ...{ marker: true, transportSequenceId: 0 },
  });
  const header = readRtp(packet);
  if (found && header) producer.receive(found, packet, header, nowMs);
};
const sentPayloads = (): Buffer[] =>
  sent.splice(0).map((packet) => packet.subarray(readRtp(packet)?.payloadStart ?? 0));
const newestSequence = (): number => readRtp(sent.at(-1) ?? Buffer.alloc(0))?.sequence ?? 0;

beforeEach(() => {
  [asked, sent, sequences] = [[], [], [100, 200]];
  producer = new Producer({
    kind: "video",
    codec: { name: "vp8", clockRate: 90_000, channels: 0, fmtp: "" },
    sendKeyframeRequest: (ssrc) => asked.push(ssrc),
  });
  for (const [i, ssrc] of SSRCS.entries()) producer.addLayer(ssrc, `${i}`);
  consumer = new Consumer(producer, {
    target: { ssrc: 7, payloadType: 100, rtxSsrc: RTX_SSRC, rtxPayloadType: 101, transportSequenceId: 3 },
    transport: { sendRtp: (packet) => sent.push(packet), sendRtcp: () => {} },
    random: () => 0.5,
    onEnded: () => {},
  });
  consumer.start(0);
  consumer.want(1, 0);
  receive(1, KEY, 10);
  receive(1, DELTA, 20);
  asked = [];
});

describe("what is forwarded to one receiver", () => {
  it("goes on in a layer until the keyframe of the next", () => {
    consumer.want(0, 1_000);
    expect(asked).toEqual([SSRCS[0]]);
    sentPayloads();
    receive(1, DELTA, 1_010);
    receive(0, KEY, 1_020);
    receive(1, DELTA, 1_030);
    expect(sentPayloads()).toEqual([DELTA, KEY]);
  });

  it("asks for no more keyframes once it is to stay where it is", () => {
    consumer.want(0, 1_000);
    consumer.want(1, 1_100);
    asked = [];
    for (let nowMs = 1_200; nowMs < 3_000; nowMs += 20) {
      consumer.tick(nowMs);
      producer.tick(nowMs);
    }
    expect(asked).toEqual([]);
  });

  it("stops at once in a layer that the way does not carry, and asks for the next when the way has emptied", () => {
    sentPayloads();
    consumer.want(0, 1_000, { drainMs: DRAIN_MS });
    receive(1, DELTA, 1_010);
    receive(0, KEY, 1_020);
    consumer.tick(1_000 + DRAIN_MS - 1);
    expect([sentPayloads(), asked]).toEqual([[], []]);
    consumer.tick(1_000 + DRAIN_MS);
    expect(asked).toEqual([SSRCS[0]]);
    receive(0, KEY, 1_000 + DRAIN_MS + 40);
    expect(sentPayloads()).toEqual([KEY]);
  });

  it("is sent again when asked for, but not once its layer has been left", () => {
    const lost = newestSequence();
    sent = [];
    consumer.nacked([lost], 30);
    expect(sent.map((packet) => readRtp(packet)?.ssrc)).toEqual([RTX_SSRC]);
    consumer.want(0, 1_000, { drainMs: DRAIN_MS });
    sent = [];
    consumer.nacked([lost], 1_100);
    receive(0, KEY, 1_400);
    consumer.nacked([lost], 1_500);
    expect(sent).toHaveLength(1);
  });

  it("is not sent again while it is on its way, and begins anew when it does not arrive", () => {
    const lost = newestSequence();
    sent = [];
    for (let nowMs = 1_000; nowMs < 1_500; nowMs += 100) consumer.nacked([lost], nowMs, 250);
    expect([sent.length, asked]).toEqual([2, []]);
    for (let nowMs = 1_500; nowMs < 1_900; nowMs += 100) consumer.nacked([lost], nowMs, 250);
    expect(asked).toEqual([SSRCS[1]]);
  });

  it("is repeated to fill the way, as much as is wished for and no more than is there", () => {
    sent = [];
    const [bytes, all] = [consumer.repeat(1), consumer.repeat(100_000)];
    expect(sent.every((packet) => readRtp(packet)?.ssrc === RTX_SSRC)).toBe(true);
    expect(bytes).toBe(sent[0]?.length);
    expect(all).toBe(sent.slice(1).reduce((sum, { length }) => sum + length, 0));
    expect(sent.length).toBeLessThan(40);
  });
});
