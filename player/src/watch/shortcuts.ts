/** Keys of the watch page. Pure: an event in, a wish out. */

/** What a key asks for. */
export type KeyWish = "play" | "mute" | "fullscreen" | "louder" | "quieter" | "live" | "danmaku" | "stats" | "help";

/** The part of a keyboard event that matters. */
export type Key = {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly defaultPrevented: boolean;
  /** Tag and role of the focused element and whether it stands in a dialog or menu. */
  readonly tag: string;
  readonly role: string;
  readonly inOverlay: boolean;
};

const WISHES: Readonly<Record<string, KeyWish>> = {
  " ": "play",
  k: "play",
  m: "mute",
  f: "fullscreen",
  arrowup: "louder",
  arrowdown: "quieter",
  l: "live",
  d: "danmaku",
  i: "stats",
  "?": "help",
};
const TYPING = new Set(["input", "textarea", "select"]);
/** Elements that have a use of their own for Space. */
const PRESSED_BY_SPACE = new Set([
  "button",
  "a",
  "media-play-button",
  "media-mute-button",
  "media-pip-button",
  "media-fullscreen-button",
]);
/** Elements that have a use of their own for the arrows. */
const MOVED_BY_ARROWS = new Set(["media-volume-range"]);

/** The wish of a key, if it is one of ours and nobody else's at this moment. */
export function keyWish(key: Key): KeyWish | undefined {
  if (key.ctrlKey || key.metaKey || key.altKey || key.defaultPrevented || key.inOverlay) return undefined;
  if (TYPING.has(key.tag)) return undefined;
  if (key.key === " " && (PRESSED_BY_SPACE.has(key.tag) || key.role === "button")) return undefined;
  if (key.key.startsWith("Arrow") && MOVED_BY_ARROWS.has(key.tag)) return undefined;
  return WISHES[key.key.toLowerCase()];
}

/** Reads what {@link keyWish} needs. */
export function keyOf(event: KeyboardEvent): Key {
  const target = event.target instanceof Element ? event.target : document.body;
  return {
    key: event.key,
    ctrlKey: event.ctrlKey,
    metaKey: event.metaKey,
    altKey: event.altKey,
    defaultPrevented: event.defaultPrevented,
    tag: target.localName,
    role: target.getAttribute("role") ?? "",
    inOverlay: target.closest('[role="dialog"], [role="menu"]') !== null,
  };
}
