import { networkInterfaces } from "node:os";
import type { Settings } from "@lianmai/process";

/** Where people and programs find the service. */
export interface Addresses {
  /** Base URL for viewers, without a slash at the end. */
  readonly web: string;
  /** The server field of OBS. */
  readonly rtmp: string;
  /** Base URL for programs on this machine. */
  readonly local: string;
  /** RTMP server for programs on this machine. */
  readonly localRtmp: string;
  /** This machine's address in its network, when the service listens there. */
  readonly lan: string | undefined;
}

/** Derives the addresses from the settings. */
export function addressesOf(settings: Settings, lan: string | undefined = findLanAddress()): Addresses {
  const { HTTP_HOST, HTTP_PORT, RTMP_HOST, RTMP_PORT, PUBLIC_URL } = settings;
  const web = PUBLIC_URL
    ? PUBLIC_URL.replace(/\/+$/, "")
    : `http://${isAny(HTTP_HOST) ? "localhost" : HTTP_HOST}:${HTTP_PORT}`;
  const rtmpHost = PUBLIC_URL ? new URL(PUBLIC_URL).hostname : isAny(RTMP_HOST) ? "localhost" : RTMP_HOST;
  return {
    web,
    rtmp: `rtmp://${rtmpHost}:${RTMP_PORT}/live`,
    local: `http://${isAny(HTTP_HOST) ? "127.0.0.1" : HTTP_HOST}:${HTTP_PORT}`,
    localRtmp: `rtmp://${isAny(RTMP_HOST) ? "127.0.0.1" : RTMP_HOST}:${RTMP_PORT}/live`,
    lan: !PUBLIC_URL && isAny(HTTP_HOST) ? lan : undefined,
  };
}

const isAny = (host: string) => host === "0.0.0.0" || host === "::";

function findLanAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((address) => address.family === "IPv4" && !address.internal)?.address;
}
