import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTrickleFragment } from "../rtc/trickle.ts";
import { readRtcp } from "../rtp/rtcp.ts";
import { readTransportFeedback, TransportFeedback } from "../rtp/transport-feedback.ts";
import { writeKeyframeRequest, writeNack, writeReceiverReport, writeSenderReport } from "../rtp/write-rtcp.ts";
import { FrameSplitter } from "../webrtc/ice-tcp.ts";
import { readDescription, SdpError } from "../webrtc/sdp.ts";
import { MediaConnection } from "./connection.ts";
import { EXTENSIONS } from "./publisher.ts";

const OFFER = [
  "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901",
  `a=fingerprint:sha-256 ${Array(32).fill("AB").join(":")}\r\na=setup:actpass\r\na=mid:0\r\na=sendonly\r\na=rtpmap:111 opus/48000/2`,
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sendonly\r\na=rtpmap:96 VP8/90000",
  "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rid:h send\r\na=rid:l send\r\na=simulcast:send h;l\r\n",
].join("\r\n");
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
/** Bytes that begin as RTP or RTCP of the connection do. */
const packet = fc
  .tuple(
    fc.constantFrom(0x80, 0x90, 0xb0, 0xa0, 0x81, 0x8f),
    fc.constantFrom(96, 97, 111, 224, 200, 201, 205, 206),
    bytes(200),
  )
  .map(([first, second, rest]) => Buffer.concat([Buffer.from([first, second]), rest]));

function connect() {
  let nowMs = 0;
  const line = {
    rids: [],
    ssrcs: [],
    extensions: new Map([
      [EXTENSIONS.mid, 1],
      [EXTENSIONS.transportSequence, 3],
    ]),
  };
  const connection = new MediaConnection({
    lines: [
      {
        ...line,
        mid: "0",
        kind: "audio",
        codec: { name: "opus", clockRate: 48_000, channels: 2, fmtp: "", payloadType: 111, rtxPayloadType: 0 },
      },
      {
        ...line,
        mid: "1",
        kind: "video",
        codec: { name: "vp8", clockRate: 90_000, channels: 0, fmtp: "", payloadType: 96, rtxPayloadType: 97 },
      },
    ],
    send: () => true,
    nowMs: () => (nowMs += 1),
    traffic: { received() {}, sent() {}, resent() {}, withheld() {} },
  });
  return connection;
}

describe("bytes from anybody", () => {
  it("as RTP and RTCP never throw, and streams stay bounded", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(packet, bytes(100)), { maxLength: 60 }), (packets) => {
        const connection = connect();
        for (const one of packets) connection.packet(one);
        for (const producer of connection.publisher.producers()) expect(producer.layers.length).toBeLessThanOrEqual(4);
        connection.close();
      }),
      { numRuns: 2_000 },
    );
  });

  it("as RTCP and feedback are read or left", () => {
    fc.assert(
      fc.property(packet, (one) => void readRtcp(one)),
      { numRuns: 5_000 },
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 300 }),
        (body) => void readTransportFeedback(Buffer.from(body)),
      ),
      {
        numRuns: 5_000,
      },
    );
  });

  it("as session descriptions are refused with a reason", () => {
    const mutated = fc
      .tuple(fc.nat(OFFER.length - 1), fc.nat(40), fc.string({ maxLength: 30 }))
      .map(([at, cut, text]) => OFFER.slice(0, at) + text + OFFER.slice(at + cut));
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string({ maxLength: 300 })), (text) => {
        try {
          readDescription(text);
        } catch (error) {
          expect(error).toBeInstanceOf(SdpError);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(readDescription(OFFER).media.map(({ rids }) => rids)).toEqual([[], ["h", "l"]]);
  });

  it("as trickle fragments and TCP frames are told apart", () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => void readTrickleFragment(text, "abcd")));
    expect(
      readTrickleFragment("a=ice-ufrag:abcd\r\na=ice-pwd:x\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n", "abcd").kind,
    ).toBe("candidates");
    expect(readTrickleFragment("a=ice-ufrag:efgh\r\na=ice-pwd:x\r\n", "abcd").kind).toBe("restart");
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 99 }),
        (packets, size) => {
          const whole = Buffer.concat(
            packets.flatMap((one) => [Buffer.from([one.length >> 8, one.length & 255]), Buffer.from(one)]),
          );
          const splitter = new FrameSplitter();
          const found: Buffer[] = [];
          for (let at = 0; at < whole.length; at += size)
            found.push(...(splitter.push(whole.subarray(at, at + size)) ?? []));
          expect(found.map((one) => [...one])).toEqual(packets.map((one) => [...one]));
        },
      ),
    );
  });
});

describe("our own RTCP", () => {
  it("is read as it was written", () => {
    const sequences = [1, 2, 5, 17, 40, 65_535];
    expect(readRtcp(writeNack(1, 2, sequences))).toEqual([
      { kind: "nack", ssrc: 2, sequences: [1, 2, 5, 17, 40, 65_535] },
    ]);
    expect(readRtcp(writeKeyframeRequest(1, 9))).toEqual([{ kind: "keyframe-request", ssrc: 9 }]);
    const [report] = readRtcp(
      writeSenderReport({ ssrc: 7, ntpMs: 3_900_000_000_123, rtpTimestamp: 99, packets: 3, octets: 400 }),
    );
    expect(report).toMatchObject({ kind: "sender-report", ssrc: 7, rtpTimestamp: 99, packets: 3, octets: 400 });
    expect(report?.kind === "sender-report" ? report.ntpMs : 0).toBeCloseTo(3_900_000_000_123, 0);
    const block = {
      ssrc: 5,
      fractionLost: 64,
      totalLost: 9,
      highestSequence: 70_000,
      jitter: 12,
      lastReport: 4,
      delaySinceLastReport: 6,
    };
    expect(readRtcp(writeReceiverReport(1, [block]))).toMatchObject([
      { kind: "report-block", ssrc: 5, fractionLost: 0.25 },
    ]);
  });

  it("tells arrivals and losses in transport-wide feedback", () => {
    fc.assert(
      fc.property(
        fc.nat(65_535),
        fc.array(fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }), { minLength: 1, maxLength: 60 }),
        (first, gaps) => {
          const feedback = new TransportFeedback();
          let atMs = 1_000;
          const sent = new Map<number, number>();
          feedback.arrived(first, atMs);
          for (const [i, gap] of gaps.entries()) {
            if (gap === undefined) continue;
            atMs += gap;
            const sequence = (first + 1 + i) & 0xffff;
            feedback.arrived(sequence, atMs);
            sent.set(sequence, atMs);
          }
          const packet = feedback.take(1, 2);
          const [item] = readRtcp(packet ?? Buffer.alloc(0));
          const entries = item?.kind === "transport-feedback" ? readTransportFeedback(item.body) : [];
          const found = new Map(entries.map(({ sequence, arrivalMs }) => [sequence, arrivalMs]));
          const zero = found.get(first) ?? 0;
          for (const [sequence, arrivalMs] of sent)
            expect((found.get(sequence) ?? 0) - zero).toBeCloseTo(arrivalMs - 1_000, 6);
        },
      ),
    );
  });
});
