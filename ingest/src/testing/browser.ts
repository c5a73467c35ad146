import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";

/** Real Chromium with a camera and a microphone that are made up. */
export interface TestBrowser {
  readonly browser: Browser;
  /** An empty page that may use camera and microphone; `insecure`: it may ask any origin. */
  page(options?: { readonly insecure?: boolean }): Promise<Page>;
  close(): Promise<void>;
}

export async function startTestBrowser(): Promise<TestBrowser> {
  const server: Server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>test</title>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const url = `http://localhost:${(server.address() as AddressInfo).port}/`;
  const args = [
    ...["--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio", "--disable-background-networking"],
    ...["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
    "--autoplay-policy=no-user-gesture-required",
  ];
  // The one browser that the set-up installs.
  const executablePath = "/usr/bin/chromium-headless-shell";
  const browser = await chromium.launch({ executablePath, args });
  const lax = await chromium.launch({ executablePath, args: [...args, "--disable-web-security"] });
  return {
    browser,
    async page(options = {}) {
      const page = await (options.insecure ? lax : browser).newPage();
      await page.goto(url);
      return page;
    },
    async close() {
      await browser.close();
      await lax.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
