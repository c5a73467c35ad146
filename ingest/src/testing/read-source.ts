import { FlvReader, type FlvTag, parseAudioTag, parseVideoTag } from "../flv/index.ts";

/** A reader of a hand-over address. */
export interface SourceReading {
  /** Tags so far. */
  readonly tags: FlvTag[];
  /** Resolves when the body ends; true when it ended cleanly. */
  readonly ended: Promise<boolean>;
  stop(): void;
}

/** Reads a source until it ends or is stopped. */
export async function readSource(url: string): Promise<SourceReading> {
  const controller = new AbortController();
  const response = await fetch(url, { signal: controller.signal });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  const reader = new FlvReader();
  const tags: FlvTag[] = [];
  const ended = (async () => {
    try {
      for await (const chunk of response.body ?? []) tags.push(...reader.push(Buffer.from(chunk)));
      return true;
    } catch {
      return false;
    }
  })();
  return { tags, ended, stop: () => controller.abort() };
}

const isFrame = ({ type, data }: FlvTag): boolean =>
  (type === "video" ? parseVideoTag(data) : parseAudioTag(data)).kind === "frame";

/** Largest step between neighbouring frames of a track, and how many went back. */
export function continuity(
  tags: readonly FlvTag[],
  type: "audio" | "video",
): { largestStepMs: number; backwards: number } {
  const times = tags.filter((tag) => tag.type === type && isFrame(tag)).map((tag) => tag.timestampMs);
  const steps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  return { largestStepMs: Math.max(0, ...steps), backwards: steps.filter((step) => step < 0).length };
}
