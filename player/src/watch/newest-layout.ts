/**
 * The layout of a program that is watched without its playlists: read now and then from one of them. After a change the
 * picture is ahead of it for up to three seconds, as the edge keeps a playlist for one.
 */
import { newestLayout } from "./layout-at.ts";

const EVERY_MS = 2_000;
const READ_BUDGET_MS = 5_000;

export class NewestLayout {
  /** As a playlist carries it; empty until one is read. */
  text = "";
  readonly #playlistUrl: string;
  readonly #random: () => number;
  readonly #abort = new AbortController();
  #mediaUrl: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(playlistUrl: string, random: () => number) {
    this.#playlistUrl = playlistUrl;
    this.#random = random;
    void this.#turn();
  }

  close(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
  }

  async #turn(): Promise<void> {
    try {
      this.#mediaUrl ??= await this.#findMedia();
      const { text } = await this.#read(this.#mediaUrl);
      this.text = newestLayout(text);
    } catch {
      // a rendition may be given up: the next turn looks which there are
      this.#mediaUrl = undefined;
    }
    if (this.#abort.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#turn(), EVERY_MS * (0.9 + this.#random() * 0.2));
  }

  /** All media playlists carry the layout: the first will do. */
  async #findMedia(): Promise<string> {
    const { text, url } = await this.#read(this.#playlistUrl);
    const [first] = text.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#"));
    if (first === undefined) throw new Error("no media playlist");
    return new URL(first, url).href;
  }

  async #read(url: string): Promise<{ readonly text: string; readonly url: string }> {
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(READ_BUDGET_MS)]);
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`playlist ${response.status}`);
    return { text: await response.text(), url: response.url };
  }
}
