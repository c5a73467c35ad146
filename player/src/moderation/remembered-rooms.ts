/** Rooms a moderator has put on the desk, in this browser. */
import { keep, readKeptJson } from "../kept.ts";

const KEY = "lianmai.moderated-rooms";
const MAX = 16;

/** What was remembered; empty when storage is forbidden or holds something else. */
export function rememberedRooms(): readonly string[] {
  const saved = readKeptJson(KEY);
  return Array.isArray(saved) ? saved.filter((slug) => typeof slug === "string").slice(0, MAX) : [];
}

export function rememberRooms(slugs: readonly string[]): void {
  keep(KEY, JSON.stringify(slugs.slice(0, MAX)));
}
