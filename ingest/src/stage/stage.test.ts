import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publicationRedisKey } from "../contract.ts";
import { HandoverReader } from "../rtp-handover/index.ts";
import { type Stage, type StageParticipant, stageRedisKey } from "../stage-contract.ts";
import { startTestBrowser, type TestBrowser } from "../testing/browser.ts";
import { eventually, startTestRedis, type TestRedis } from "../testing/redis.ts";
import { startTestStage, type TestStage } from "../testing/stage.ts";
import { onGuest, openStagePage } from "../testing/stage-page.ts";

let redis: TestRedis;
let stage: TestStage;
let browser: TestBrowser;

beforeAll(async () => {
  redis = await startTestRedis();
  // Pages ask the node itself here: their origin is another.
  stage = await startTestStage(redis.url);
  browser = await startTestBrowser();
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
  await redis?.stop();
});

const ROOM = "tea";

async function enter(userId: string, role: "host" | "guest"): Promise<Page> {
  const page = await browser.page({ insecure: true });
  await openStagePage(page, { stage, room: ROOM, actor: { userId, name: userId, role } });
  return page;
}

const readStage = async (): Promise<Stage> => JSON.parse((await redis.client.get(stageRedisKey(ROOM))) ?? "null");
const find = async (id: string): Promise<StageParticipant | undefined> =>
  (await readStage())?.participants.find((one) => one.participantId === id);
type Received = Record<string, { readonly pictures: number; readonly energy: number; readonly packets: number }>;
const received = (page: Page) => onGuest<Received>(page, "guest.received()");
const command = (page: Page, value: unknown) => onGuest<string>(page, `guest.command(${JSON.stringify(value)})`);

test("host and two guests: hands, seats, pictures and sound of all, mute, removal, reconnection", async () => {
  const host = await enter("host", "host");
  await eventually(async () => (await find("host"))?.place.at === "seated");
  await onGuest(host, "guest.join()");

  const mei = await enter("mei", "guest");
  expect(await command(mei, { kind: "to-seat", participantId: "mei" })).toBe("not-director");
  expect(await command(mei, { kind: "raise-hand" })).toBe("done");
  expect(await command(host, { kind: "to-backstage", participantId: "mei" })).toBe("done");
  await onGuest(mei, "guest.join()");
  // Backstage she sees and hears the host, and is not seen.
  await eventually(async () => ((await received(mei))["host"]?.pictures ?? 0) > 10);
  expect(await received(host)).toEqual({});

  expect(await command(host, { kind: "to-seat", participantId: "mei" })).toBe("done");
  await eventually(async () => ((await received(host))["mei"]?.pictures ?? 0) > 10);
  await eventually(async () => ((await received(host))["mei"]?.energy ?? 0) > 0);

  const li = await enter("li", "guest");
  await command(li, { kind: "raise-hand" });
  await command(host, { kind: "to-seat", participantId: "li" });
  await onGuest(li, "guest.join()");
  await eventually(async () => {
    const all = await Promise.all([received(host), received(mei), received(li)]);
    const seen = all.map((one) => Object.entries(one).filter(([, { pictures }]) => pictures > 5).length);
    return seen.every((count) => count === 2);
  }, 90_000);

  // For the mixer: the guests' sources, not the host's camera, which is the publication once on air.
  const source = await eventually(async () => (await find("mei"))?.sources[0]);
  expect((await find("host"))?.sources).toEqual([]);
  expect(await onGuest(host, 'guest.command({ live: true }, "on-air")')).toBe("done");
  const publication = JSON.parse(await eventually(() => redis.client.get(publicationRedisKey(ROOM))));
  expect(publication).toMatchObject({ protocol: "stage", sourceFormat: "rtp", audioCodec: "opus" });
  const body = (await fetch(source.url)).body as unknown as AsyncIterable<Uint8Array>;
  const reader = new HandoverReader();
  let packets = 0;
  for await (const chunk of body) {
    packets += reader.push(Buffer.from(chunk)).filter(({ kind }) => kind === "rtp").length;
    if (packets > 100) break;
  }
  expect(packets).toBeGreaterThan(100);

  // With another connection the host goes on air anew: what was published was made of the tracks of the one before.
  await onGuest(host, "guest.join()");
  await eventually(async () => (await redis.client.get(publicationRedisKey(ROOM))) === null);
  await eventually(async () => (await onGuest(host, 'guest.command({ live: true }, "on-air")')) === "done");
  const anew = JSON.parse(await eventually(() => redis.client.get(publicationRedisKey(ROOM))));
  expect(anew.sessionId).not.toBe(publication.sessionId);

  // Muted by the host, her sound reaches nobody, whatever her own client does.
  expect(await command(host, { kind: "mute", participantId: "mei", muted: true })).toBe("done");
  await eventually(async () => {
    const before = (await received(li))["mei"]?.packets ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 500));
    return ((await received(li))["mei"]?.packets ?? 0) === before;
  });

  // Nor, while she is muted, anybody who comes only now.
  await onGuest(li, "guest.join()");
  await eventually(async () => ((await received(li))["mei"]?.pictures ?? 0) > 5);
  expect((await received(li))["mei"]?.packets ?? 0).toBe(0);

  // Her network goes without a word: the seat is kept, and is hers when she is back.
  await onGuest(mei, "(guest.silent = true, guest.peer.close())");
  await eventually(async () => (await find("mei"))?.connection === "away");
  expect(await find("li")).toMatchObject({ connection: "connected" });
  await mei.close();
  const again = await enter("mei", "guest");
  await onGuest(again, "guest.join()");
  await eventually(async () => ((await received(again))["host"]?.pictures ?? 0) > 5);
  expect(await find("mei")).toMatchObject({ place: { at: "seated", seat: 1 }, muted: true, connection: "connected" });

  // Removed for good.
  expect(await command(host, { kind: "remove", participantId: "li", ban: true })).toBe("done");
  await eventually(() =>
    onGuest<boolean>(
      li,
      'guest.replies.some(({ kind }) => kind === "media-lost") || guest.peer.connectionState !== "connected"',
    ),
  );
  expect(await command(li, { kind: "raise-hand" })).toBe("removed");
  for (const page of [host, again, li]) await page.close();
}, 300_000);
