import { expect, it } from "vitest";
import { iceServersOf } from "./ice-links.ts";

it("reads servers as RFC 9725 section 4.6 has them written", () => {
  const turn = ['rel="ice-server"', 'username="user"', 'credential="myPassword"', 'credential-type="password"'];
  const header = [
    '<stun:stun.example.net>; rel="ice-server"',
    ["<turn:turn.example.net?transport=udp>", ...turn].join("; "),
    '<turns:turn.example.net?transport=tcp>;rel=ice-server;username=user;credential="my\\"Pass,word;"',
  ].join(", ");
  expect(iceServersOf(header)).toEqual([
    { urls: "stun:stun.example.net" },
    { urls: "turn:turn.example.net?transport=udp", username: "user", credential: "myPassword" },
    { urls: "turns:turn.example.net?transport=tcp", username: "user", credential: 'my"Pass,word;' },
  ]);
});

it("takes names in any case and the first of each, and relations among others", () => {
  expect(iceServersOf('<stun:a>; REL="next Ice-Server"; rel="other"; title')).toEqual([{ urls: "stun:a" }]);
});

it("leaves out what is no server, or none that a browser would take", () => {
  for (const header of [
    "",
    "nonsense",
    '<https://example.net/next>; rel="next"',
    '<https://example.net>; rel="ice-server"',
    "<stun:a>",
    '<turn:a>; rel="ice-server"',
    '<turn:a>; rel="ice-server"; username="u"',
    '<turn:a>; rel="ice-server"; username="u"; credential="c"; credential-type="oauth"',
    '<stun:a; rel="ice-server"',
  ]) {
    expect(iceServersOf(header), header).toEqual([]);
  }
});
