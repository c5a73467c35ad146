import { isIPv6 } from "node:net";

/** Where a listener of ours is reached: an IPv6 address stands in brackets (RFC 3986, 3.2.2). */
export const httpOrigin = (host: string, port: number): string => `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
