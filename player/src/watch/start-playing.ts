/** Starts an element with sound where the browser allows it, else without. */

/** `muted`: it plays, but only without sound. `blocked`: it waits for a press. `failed`: something else came between. */
export type StartOutcome = "playing" | "muted" | "blocked" | "failed";

/** The part of a video element that matters here. */
export type Startable = { muted: boolean; play(): Promise<void> };

/** Tries with sound, then without. */
export async function startPlaying(video: Startable): Promise<StartOutcome> {
  const first = await attempt(video);
  if (first !== "blocked" || video.muted) return first;
  video.muted = true;
  const second = await attempt(video);
  return second === "playing" ? "muted" : second;
}

async function attempt(video: Startable): Promise<StartOutcome> {
  try {
    await video.play();
    return "playing";
  } catch (error) {
    return error instanceof DOMException && error.name === "NotAllowedError" ? "blocked" : "failed";
  }
}
