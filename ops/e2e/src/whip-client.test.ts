/** A WHIP client of another make than the service's and the browser's. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { until } from "./browser.ts";
import { probePackets, record, timeBreaks } from "./record.ts";
import { type Stack, startStack } from "./stack.ts";
import { startWhipClient, type WhipClient } from "./whip-client.ts";

interface RoomView {
  readonly live: null | { readonly at: string; readonly programId: string };
}

let stack: Stack;
let client: WhipClient | undefined;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(async () => {
  await client?.close();
  await stack?.stop();
});

it("is on air in picture and sound, and off at its DELETE", async () => {
  const { key } = await stack.room("whip", { graceMs: 60_000 });
  await expect(startWhipClient(`${stack.url}/whip/whip`, "not-a-key")).rejects.toThrow(/403 .*unknown-key/);
  client = await startWhipClient(`${stack.url}/whip/whip`, key);
  const room = () => stack.api<RoomView>("GET", "/api/v1/rooms/whip");
  const { live } = await until("on air", room, (view) => view.live?.at === "live", { budgetMs: 60_000 });
  const recorder = record(`${stack.url}/live/whip/${live?.programId}/360p/media.m3u8`);
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  const recording = await recorder.stop();
  const packets = probePackets(recording.bytes());
  expect(recording.discontinuities).toBe(0);
  for (const kind of ["video", "audio"] as const) expect([kind, ...timeBreaks(packets, kind)]).toEqual([kind]);
  expect(await client.end()).toBe(200);
  await until("off air", room, (view) => view.live?.at === "interrupted", { budgetMs: 20_000 });
});
