/** ICE candidates as far ends are told them (RFC 8839 5.1). Pure. */
import { isIPv6 } from "node:net";

export interface CandidateSettings {
  /** Addresses to announce instead of the machine's own; empty: the machine's. */
  readonly announced: readonly string[];
  readonly udpPort: number;
  /** Port of the ICE-TCP front, 0 for none. */
  readonly tcpPort: number;
}

/** RFC 8445 5.1.2.2: host candidates, UDP before TCP (RFC 6544 4.2), IPv4 and IPv6 as they come. */
const priority = (kind: "udp" | "tcp", index: number): number =>
  126 * 2 ** 24 + (kind === "udp" ? 0xff00 : 0x5f00) * 2 ** 8 - index * 2 ** 8 + 255;

/** Values of candidate attributes for the addresses reached, made from the library's host candidates. */
export function announceCandidates(own: readonly string[], settings: CandidateSettings): string[] {
  const found = own.map((candidate) => candidate.split(" ")).map((fields) => fields[4] ?? "");
  const addresses = settings.announced.length > 0 ? settings.announced : [...new Set(found)].filter(reachable);
  const ordered = [...addresses].sort((a, b) => Number(isIPv6(a)) - Number(isIPv6(b)));
  const udp = ordered.map(
    (address, i) => `${i + 1} 1 udp ${priority("udp", i)} ${address} ${settings.udpPort} typ host`,
  );
  const tcp = ordered.map(
    (address, i) => `${i + 101} 1 tcp ${priority("tcp", i)} ${address} ${settings.tcpPort} typ host tcptype passive`,
  );
  return settings.tcpPort === 0 ? udp : [...udp, ...tcp];
}

const reachable = (address: string): boolean => address !== "" && !/^fe80:/i.test(address);
