/** What a key asks of the console. Pure. */

/** Wishes of the keyboard. */
export type ConsoleWish =
  | { readonly kind: "move"; readonly by: 1 | -1 }
  | { readonly kind: "decide"; readonly good: boolean }
  | { readonly kind: "person"; readonly act: "mute" | "ban" | "kick" | "warn" }
  | { readonly kind: "undo" }
  | { readonly kind: "tab"; readonly index: number };

/** The wish of a key pressed outside of a text field, undefined for keys of the browser. */
export function consoleWish(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">,
): ConsoleWish | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const key = event.key.toLowerCase();
  if (/^[1-6]$/.test(key)) return { kind: "tab", index: Number(key) - 1 };
  return WISHES[key];
}

const WISHES: Readonly<Record<string, ConsoleWish>> = {
  j: { kind: "move", by: 1 },
  arrowdown: { kind: "move", by: 1 },
  k: { kind: "move", by: -1 },
  arrowup: { kind: "move", by: -1 },
  a: { kind: "decide", good: true },
  r: { kind: "decide", good: false },
  m: { kind: "person", act: "mute" },
  b: { kind: "person", act: "ban" },
  x: { kind: "person", act: "kick" },
  w: { kind: "person", act: "warn" },
  u: { kind: "undo" },
};
