import { expect, it } from "vitest";
import { en } from "../text/en.ts";
import { FINDING_CODES, judge, type TestResults } from "./judge.ts";
import { only, type ProbeResult, type Way } from "./probe.ts";

const way = (name: Way, change: Partial<ProbeResult> = {}): ProbeResult => ({
  ...{ way: name, reached: true, connectMs: 200, roundTripMs: 20, bitsPerSecond: 5e6, lost: 0, kinds: ["host"] },
  ...change,
});
const lost = (name: Way): ProbeResult => way(name, { reached: false, bitsPerSecond: 0 });
const results = (change: Partial<TestResults>): TestResults => ({
  ...{ udp: way("udp"), tcp: way("tcp"), relay: undefined, microphone: true, camera: true },
  ...change,
});
const codes = (change: Partial<TestResults>): string[] => judge(results(change)).map(({ code }) => code);

it("says what is wrong, the way first", () => {
  expect(codes({})).toEqual(["all-good"]);
  expect(codes({ udp: lost("udp") })).toEqual(["tcp-only"]);
  expect(codes({ udp: lost("udp"), tcp: lost("tcp"), relay: way("relay") })).toEqual(["relay-only"]);
  expect(codes({ udp: lost("udp"), tcp: lost("tcp"), microphone: false })).toEqual(["no-way", "no-microphone"]);
  expect(codes({ relay: lost("relay") })).toEqual(["all-good", "relay-broken"]);
});

it("judges the way that would be taken", () => {
  expect(codes({ udp: way("udp", { bitsPerSecond: 300_000 }) })).toEqual(["slow-upload"]);
  expect(codes({ udp: way("udp", { bitsPerSecond: 900_000, roundTripMs: 400, lost: 0.2 }) })).toEqual([
    ...["poor-upload", "far-away", "lossy"],
  ]);
  expect(codes({ tcp: way("tcp", { bitsPerSecond: 100_000 }), camera: false })).toEqual(["all-good", "no-camera"]);
});

it("has words for every finding", () => {
  const keys = FINDING_CODES.flatMap((code) => [`test.finding.${code}`, `test.help.${code}`]);
  expect(Object.keys(en)).toEqual(expect.arrayContaining(keys));
});

it("leaves the candidates of one way in an answer", () => {
  const sdp = ["v=0", "a=candidate:1 1 udp 1 10.0.0.1 8189 typ host", "a=candidate:101 1 tcp 1 10.0.0.1 8189 typ host"];
  expect(only("udp", sdp.join("\r\n"))).toBe([sdp[0], sdp[1]].join("\r\n"));
  expect(only("tcp", sdp.join("\r\n"))).toBe([sdp[0], sdp[2]].join("\r\n"));
});
