/** What the results mean for somebody who wants to go on air. Pure. */
import type { ProbeResult } from "./probe.ts";

export interface TestResults {
  readonly udp: ProbeResult | undefined;
  readonly tcp: ProbeResult | undefined;
  /** Undefined where no TURN server is set up. */
  readonly relay: ProbeResult | undefined;
  readonly microphone: boolean;
  readonly camera: boolean;
}

/** Texts are at `test.finding.<code>` and `test.help.<code>`. */
export const FINDING_CODES = [
  "no-way",
  "tcp-only",
  "relay-only",
  "relay-broken",
  "slow-upload",
  "poor-upload",
  "far-away",
  "lossy",
  "no-microphone",
  "no-camera",
  "all-good",
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];
export interface Finding {
  readonly code: FindingCode;
  readonly kind: "ok" | "info" | "warn" | "bad";
}

/** Below this a picture can hardly be sent; below the second it is a small one. */
const SLOW_BITS = 500_000;
const POOR_BITS = 1_500_000;
const FAR_MS = 250;
const LOSSY = 0.05;

export function judge(results: TestResults): Finding[] {
  const best = bestWay(results);
  const found = [...judgeWays(results, best), ...(best ? judgeBest(best) : []), ...judgeDevices(results)];
  return found.some(({ kind }) => kind === "bad" || kind === "warn")
    ? found
    : [{ code: "all-good", kind: "ok" }, ...found];
}

/** The way a browser would take. */
export function bestWay({ udp, tcp, relay }: TestResults): ProbeResult | undefined {
  return [udp, tcp, relay].find((result) => result?.reached);
}

function judgeWays({ udp, tcp, relay }: TestResults, best: ProbeResult | undefined): Finding[] {
  if (!best) return [{ code: "no-way", kind: "bad" }];
  const broken: Finding[] = relay && !relay.reached ? [{ code: "relay-broken", kind: "info" }] : [];
  if (!udp?.reached) return [{ code: tcp?.reached ? "tcp-only" : "relay-only", kind: "warn" }, ...broken];
  return broken;
}

function judgeBest({ bitsPerSecond, roundTripMs, lost }: ProbeResult): Finding[] {
  const found: Finding[] = [];
  if (bitsPerSecond > 0 && bitsPerSecond < SLOW_BITS) found.push({ code: "slow-upload", kind: "bad" });
  else if (bitsPerSecond > 0 && bitsPerSecond < POOR_BITS) found.push({ code: "poor-upload", kind: "warn" });
  if (roundTripMs > FAR_MS) found.push({ code: "far-away", kind: "warn" });
  if (lost > LOSSY) found.push({ code: "lossy", kind: "warn" });
  return found;
}

function judgeDevices({ microphone, camera }: TestResults): Finding[] {
  return [
    ...(microphone ? [] : [{ code: "no-microphone", kind: "warn" } as const]),
    ...(camera ? [] : [{ code: "no-camera", kind: "info" } as const]),
  ];
}
