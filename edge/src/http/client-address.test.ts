import type { IncomingMessage } from "node:http";
import { expect, it } from "vitest";
import { clientAddress } from "./client-address.ts";

it("viewers without an id are told apart the same way", () => {
  const request = (forwarded?: string) =>
    ({
      headers: { "x-forwarded-for": forwarded },
      socket: { remoteAddress: "10.0.0.1" },
    }) as unknown as IncomingMessage;
  const trusting = clientAddress({ trustProxy: true });
  expect([trusting(request("1.1.1.1, 2.2.2.2")), trusting(request("3.3.3.3")), trusting(request())]).toEqual([
    "2.2.2.2",
    "3.3.3.3",
    "10.0.0.1",
  ]);
  expect(clientAddress({ trustProxy: false })(request("1.1.1.1"))).toBe("10.0.0.1");
});
