/** What the others send: a stream for each picture with its sound, a new object whenever its tracks have changed. */
import type { StageTrack } from "@lianmai/ingest/signalling";
import type { SourceSlot } from "@lianmai/ingest/stage";
import { createSubscriber } from "svelte/reactivity";

interface Received {
  readonly of: StageTrack;
  readonly track: MediaStreamTrack;
}

const keyOf = (participantId: string, slot: SourceSlot): string => `${participantId} ${slot}`;

export class ReceivedStreams {
  readonly #streams = new Map<string, MediaStream>();
  #told: () => void = () => {};
  readonly #subscribe = createSubscriber((update) => {
    this.#told = update;
    return () => {
      this.#told = () => {};
    };
  });

  /** The stream of a participant's camera and microphone, or of its screen; undefined when nothing is received. */
  of(participantId: string, slot: SourceSlot): MediaStream | undefined {
    this.#subscribe();
    return this.#streams.get(keyOf(participantId, slot));
  }

  /** All that is received, by a key that lasts. */
  all(): { readonly key: string; readonly stream: MediaStream }[] {
    this.#subscribe();
    return [...this.#streams].map(([key, stream]) => ({ key, stream }));
  }

  set(received: readonly Received[]): void {
    const wanted = new Map<string, MediaStreamTrack[]>();
    for (const { of, track } of received) {
      const key = keyOf(of.participantId, of.slot);
      wanted.set(key, [...(wanted.get(key) ?? []), track]);
    }
    for (const key of [...this.#streams.keys()]) if (!wanted.has(key)) this.#streams.delete(key);
    for (const [key, tracks] of wanted) {
      const known = this.#streams.get(key)?.getTracks() ?? [];
      const same = known.length === tracks.length && tracks.every((track) => known.includes(track));
      if (!same) this.#streams.set(key, new MediaStream(tracks));
    }
    this.#told();
  }

  clear(): void {
    if (this.#streams.size === 0) return;
    this.#streams.clear();
    this.#told();
  }
}
