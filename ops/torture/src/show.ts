/** A show to be disturbed: the whole service, a publisher, a viewer. */
import { startBrowser, until } from "@lianmai/e2e/browser";
import { type Publisher, publish } from "@lianmai/e2e/publisher";
import { type Recorder, record } from "@lianmai/e2e/record";
import { type Stack, startStack } from "@lianmai/e2e/stack";
import { Viewer } from "./viewer.ts";

/** Small, so that the machine is busy with what is tested. */
const SOURCE = { size: "640x360", fps: 30, bitsPerSecond: 1_000_000 } as const;
export const SHOW_FPS = SOURCE.fps;
export const RUNG = "360p";
/** A browser that starts takes the machine for itself. */
const SETTLE_MS = 4_000;
const START_BUDGET_MS = 60_000;

interface RoomView {
  readonly live: null | { readonly at: string; readonly programId: string };
}

export interface Show {
  readonly stack: Stack;
  readonly viewer: Viewer;
  readonly key: string;
  room(): Promise<RoomView>;
  /** Waits until the program is in a state. */
  reaches(at: "live" | "interrupted"): Promise<RoomView>;
  /** Starts publishing (again) with the show's key. */
  publish(): void;
  /** kill -9 of the publisher. */
  drop(): Promise<void>;
  /** Publishes, and again a second after each end, until the show is over; as OBS does. */
  keepPublishing(): void;
  /** Records the program from the next segment on. */
  record(): Promise<Recorder>;
  /** The media playlist that is recorded. */
  playlist(): Promise<string>;
  close(): Promise<void>;
}

/** Starts it all; resolves once the viewer plays and the machine is calm. */
export async function startShow(options: {
  readonly slug: string;
  readonly graceMs?: number;
  readonly takeover?: "newest" | "refuse";
  readonly env?: Readonly<Record<string, string>>;
}): Promise<Show> {
  const { slug, graceMs = 60_000, takeover = "newest", env = {} } = options;
  const [stack, browser] = await Promise.all([startStack({ env }), startBrowser()]);
  const { key } = await stack.room(slug, { graceMs, takeover });
  let over = false;
  let publisher: Publisher | null = null;
  const start = () => {
    publisher = publish({ url: `${stack.rtmpUrl}/${key}`, ...SOURCE });
  };
  const goOn = async () => {
    while (!over) {
      await publisher?.exited;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      if (!over) start();
    }
  };
  const room = () => stack.api<RoomView>("GET", `/api/v1/rooms/${slug}`);
  const reaches = (at: "live" | "interrupted") =>
    until(at, room, ({ live }) => live?.at === at, { budgetMs: START_BUDGET_MS });
  const playlist = async () => `${stack.url}/live/${slug}/${(await room()).live?.programId}/${RUNG}/media.m3u8`;
  const close = async () => {
    over = true;
    await publisher?.kill();
    await browser.close();
    await stack.stop();
  };
  try {
    start();
    await reaches("live");
    const viewer = await Viewer.open(browser, `${stack.url}/r/${slug}`);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    return {
      ...{ stack, viewer, key, room, reaches, playlist, close, publish: start },
      drop: async () => await publisher?.kill(),
      keepPublishing: () => void goOn(),
      record: async () => record(await playlist(), { fromNext: true }),
    };
  } catch (error) {
    await close();
    throw error;
  }
}
