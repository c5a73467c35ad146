/** Real Chromium, driven by playwright-core. */
import { type Browser, chromium, type Page } from "playwright-core";

export interface BrowserOptions {
  /** A camera and a microphone that are made up. */
  readonly devices?: boolean;
  /** What starts Chromium elsewhere, with the arguments it is given. */
  readonly program?: string;
  readonly args?: readonly string[];
}

/** Starts the system's Chromium without a window. */
export function startBrowser(options: BrowserOptions = {}): Promise<Browser> {
  const { devices = false, program = "/usr/bin/chromium-headless-shell", args = [] } = options;
  return chromium.launch({
    executablePath: program,
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
      ...["--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required", "--mute-audio"],
      ...(devices ? ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"] : []),
      ...args,
    ],
  });
}

/** Waits until `read` gives something that `accept` takes, looking every 100 ms; the value. Throws after the budget. */
export async function until<T>(
  what: string,
  read: () => Promise<T>,
  accept: (value: T) => boolean,
  options: { readonly budgetMs?: number } = {},
): Promise<T> {
  const { budgetMs = 20_000 } = options;
  const deadline = Date.now() + budgetMs;
  let last: T | undefined;
  while (Date.now() < deadline) {
    last = await read();
    if (accept(last)) return last;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what}: not within ${budgetMs} ms, last seen ${JSON.stringify(last)}`);
}

/** The page's video: its time, size and state. */
export function videoState(page: Page): Promise<{
  readonly currentTime: number;
  readonly width: number;
  readonly height: number;
  readonly paused: boolean;
} | null> {
  return page.evaluate(`(() => {
    const video = document.querySelector("video") ?? document.querySelector("media-controller")?.querySelector("video");
    return video && { currentTime: video.currentTime, width: video.videoWidth, height: video.videoHeight, paused: video.paused };
  })()`);
}
