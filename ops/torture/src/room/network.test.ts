import { expect, it } from "vitest";
import { whyNoNetwork } from "./network.ts";

it("says in one line what is missing, and the command that brings it", () => {
  expect(whyNoNetwork({ uid: 0, path: "/nowhere" })).toBe(
    "unshare, ip, iptables not found in PATH: apt-get install -y --no-install-recommends util-linux iproute2 iptables",
  );
  expect(whyNoNetwork({ uid: 1_000 })).toMatch(/needs root/);
});
