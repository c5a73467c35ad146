/** Loads a part of the page that is fetched when it is needed, also when the server is away just then. */

/** Times that it is asked for; the first wait, and the longest. */
const MOST_TRIES = 12;
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 5_000;

/** Answers what `load` does, asked again with growing, uneven pauses; rejects as the last try did. */
export async function loadSurely<Part>(
  load: () => Promise<Part>,
  wait: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
): Promise<Part> {
  for (let tried = 1; ; tried++) {
    try {
      return await load();
    } catch (error) {
      if (tried === MOST_TRIES) throw error;
      await wait(Math.min(FIRST_WAIT_MS * 2 ** (tried - 1), LONGEST_WAIT_MS) * (0.5 + Math.random() / 2));
    }
  }
}
