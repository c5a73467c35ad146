/** Rooms a moderator has put on the desk, in this browser. */

const KEY = "lianmai.moderated-rooms";
const MAX = 16;

/** What was remembered; empty when storage is forbidden or holds something else. */
export function rememberedRooms(): readonly string[] {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(saved) ? saved.filter((slug) => typeof slug === "string").slice(0, MAX) : [];
  } catch {
    return [];
  }
}

export function rememberRooms(slugs: readonly string[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(slugs.slice(0, MAX)));
  } catch {
    // Storage may be forbidden; then the desk starts with the own rooms.
  }
}
