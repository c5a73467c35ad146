/** Real Chromium, driven by playwright-core. */
import { type Browser, chromium, type Page } from "playwright-core";

/** Starts the system's Chromium without a window; with `devices` it has a camera and a microphone that are made up. */
export function startBrowser(options: { readonly devices?: boolean } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium-headless-shell",
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
      ...["--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required", "--mute-audio"],
      ...(options.devices ? ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"] : []),
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
