import { expect, it } from "vitest";
import { readRtp } from "../rtp/packet.ts";
import { Consumer } from "../sfu/consumer.ts";
import { ProgramMedia } from "./program-media.ts";

const SETS = Buffer.from([1, 0x4d, 0x40, 0x1f, 0xff, 0xe1, 0, 4, 0x67, 0x4d, 0x40, 0x1f, 1, 0, 2, 0x68, 0xee]);
const FRAME_MS = 1_000 / 30;
const layers = ["720p", "360p"].map((name, i) => ({ name, width: 0, height: 0, bitsPerSecond: i === 0 ? 9e5 : 3e5 }));
const picture = (key: boolean): Buffer => Buffer.from([0, 0, 0, 3, key ? 0x65 : 0x41, 1, 2]);

/** Program media fed with pictures 0 to `count` of both layers, a keyframe each 30, the last at `nowMs`. */
function feed(count: number) {
  const media = new ProgramMedia({ nowMs: () => 5_000 });
  media.take({ kind: "header", header: { version: 1, zeroWallMs: 1_000_000, layers } });
  for (const layer of [0, 1]) media.take({ kind: "config", layer, data: SETS });
  const show = (n: number) => {
    for (const layer of [0, 1]) {
      const key = n % 30 === 0;
      media.take({ kind: "picture", layer, key, atMs: n * FRAME_MS, data: picture(key) });
    }
  };
  for (let n = 0; n < count; n += 1) show(n);
  return { media, show };
}

/** A viewer, with what was sent to it. */
function view(media: ProgramMedia) {
  const sent: { sequence: number; timestamp: number; first: number; resend: boolean }[] = [];
  const consumer = new Consumer(media.video, {
    target: { ssrc: 7, payloadType: 96, rtxSsrc: 0, rtxPayloadType: 0, transportSequenceId: 0 },
    transport: {
      sendRtcp: () => {},
      sendRtp: (packet, { resend }) => {
        const header = readRtp(packet);
        if (header) sent.push({ ...header, first: packet[header.payloadStart] ?? 0, resend });
      },
    },
    random: () => 0,
    onEnded: () => {},
  });
  consumer.start(5_000);
  return { consumer, sent };
}

const ticks = (n: number): number => Math.round((1_000_000 + n * FRAME_MS) * 90) % 0x1_0000_0000;

it("begins with the last keyframe and its parameter sets, and shows the present at once", () => {
  const { media, show } = feed(45);
  const { sent } = view(media);
  // Parameter sets in one packet, the keyframe, and fourteen pictures since.
  expect(sent.map(({ first }) => first & 0x1f).slice(0, 3)).toEqual([24, 5, 1]);
  expect(new Set(sent.map(({ timestamp }) => timestamp)).size).toBe(15);
  expect(sent.at(-1)?.timestamp).toBe(ticks(44));
  expect(ticks(44) - (sent[0]?.timestamp ?? 0)).toBe(14 * 90);
  show(45);
  expect(sent.at(-1)?.timestamp).toBe(ticks(45));
  const sequences = sent.map(({ sequence }) => sequence);
  expect(sequences).toEqual(sequences.map((_, i) => i + (sequences[0] ?? 0)));
});

it("sends again what it caught up with under the time it had given it", () => {
  const { media } = feed(45);
  const { consumer, sent } = view(media);
  const [first] = sent;
  consumer.nacked([first?.sequence ?? 0], 5_100);
  expect(sent.at(-1)).toMatchObject({ sequence: first?.sequence, timestamp: first?.timestamp, resend: true });
});

it("begins on the lowest layer, and goes to another at its next keyframe in unbroken time", () => {
  const { media, show } = feed(45);
  const { consumer, sent } = view(media);
  const high = media.video.layers.findIndex(({ rid }) => rid === "720p");
  expect(high).toBe(1);
  consumer.want(high, 5_000);
  for (let n = 45; n < 62; n += 1) show(n);
  const stamps = sent.slice(-18).map(({ timestamp }) => timestamp);
  expect(stamps.at(-1)).toBe(ticks(61));
  expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
  expect(sent.filter(({ first }) => (first & 0x1f) === 24)).toHaveLength(2);
});
