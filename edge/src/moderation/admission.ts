import type { Hold } from "../protocol/moderation.ts";
import type { BodyOf, Kind } from "../protocol/room/entry.ts";
import type { RoomModes } from "../protocol/room/modes.ts";
import { isAtLeast } from "../protocol/room/roles.ts";
import type { AdmissionHook, Draft, Verdict } from "../room/room-log.ts";
import type { FilterVerdict } from "./filter/rules.ts";
import type { Filters } from "./filters.ts";
import type { Sighting } from "./share-raids.ts";
import type { Holds } from "./store/holds.ts";
import type { RoomPeople } from "./store/people.ts";

/** The text of a draft that words are looked for in: what was typed, an emote, a picture's description, a file's name. */
export function textOf({ kind, body }: Draft): string {
  const field = WORDS_IN[kind];
  return field === undefined ? "" : ((body as Readonly<Record<string, string | undefined>>)[field] ?? "");
}

/** Which field of a kind's body holds words. */
const WORDS_IN: Partial<Record<Kind, string>> = { text: "text", emote: "emote", image: "alt", file: "name" };

/** The body with another text in it. */
function withText({ kind, body }: Draft, text: string): BodyOf<Kind> {
  return { ...body, [WORDS_IN[kind] ?? "text"]: text } as BodyOf<Kind>;
}

/** What becomes of a draft, before anything is kept: pure. */
export function judgeDraft(
  verdict: FilterVerdict,
  modes: Pick<RoomModes, "hold">,
): "allow" | "mask" | "hold" | "block" {
  if (verdict.action === "block") return "block";
  if (modes.hold === "all") return "hold";
  // with nobody to look at it, doubtful is refused
  if (verdict.action === "hold") return modes.hold === "none" ? "block" : "hold";
  return verdict.action === "mask" ? "mask" : "allow";
}

/** Makes the hook of the word filter and the hold queue. Moderators and above pass. */
export function createAdmission(parts: {
  readonly filters: Filters;
  readonly holds: Holds;
  readonly people: RoomPeople;
  /** Called with each message that is tried, for the watch for raids. */
  readonly onTried: (roomId: string, sighting: Sighting) => void;
}): AdmissionHook {
  const { filters, holds, people, onTried } = parts;
  return ({ roomId, speaker, draft, modes }): Verdict => {
    if (isAtLeast(speaker.role, "moderator")) return { verdict: "allow" };
    const text = textOf(draft);
    onTried(roomId, { userId: speaker.id, known: people.hasSpoken(speaker.id, roomId), text });
    const checked = filters.of(roomId).check(text);
    switch (judgeDraft(checked, modes)) {
      case "block":
        return { verdict: "refuse", code: "blocked", hint: "words" };
      case "hold": {
        const holdId = holds.keep(roomId, { speaker, draft, why: whyOf(checked) });
        return holdId === undefined
          ? { verdict: "refuse", code: "blocked", hint: "queue-full" }
          : { verdict: "hold", holdId };
      }
      case "mask":
        people.spoke(speaker.id, roomId);
        return { verdict: "replace", body: withText(draft, checked.masked) };
      case "allow":
        people.spoke(speaker.id, roomId);
        return { verdict: "allow" };
    }
  };
}

const whyOf = ({ hits }: FilterVerdict): Hold["why"] =>
  hits.length === 0
    ? [{ rule: "mode", technique: "plain", text: "" }]
    : hits.slice(0, 10).map(({ word, technique, text }) => ({ rule: word, technique, text }));
