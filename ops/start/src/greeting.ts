import type { Addresses } from "./addresses.ts";

/** What the operator reads once everything serves. */
export function renderGreeting(facts: {
  readonly addresses: Addresses;
  readonly processes: readonly string[];
  readonly adminPassword: string | undefined;
  readonly dataDir: string;
}): string {
  const { addresses, processes, adminPassword, dataDir } = facts;
  const rows: (readonly [string, string])[] = [
    ["Watch", `${addresses.web}/`],
    ["OBS", `server ${addresses.rtmp}`],
    ["", `or by WHIP: ${addresses.web}/whip/ROOM, the key as bearer token`],
    ["", `stream key: sign in at ${addresses.web}/host, make a room, make a key`],
  ];
  if (addresses.lan) rows.push(["", `from other machines, write ${addresses.lan} instead of localhost`]);
  if (adminPassword) rows.push(["Admin", `name admin, password ${adminPassword}  (shown only this once)`]);
  rows.push(["Running", processes.join(", ")], ["Data", dataDir], ["Stop", "Ctrl-C"]);
  const body = rows.map(([label, text]) => `  ${label.padEnd(9)}${text}`).join("\n");
  return `\nLianmai is running.\n${body}\n`;
}
