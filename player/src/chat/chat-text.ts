/** What is told of entries that are not somebody's words. Pure but for the texts. */
import type { EntryOf, RoomModes } from "@lianmai/edge/protocol/room";
import type { Text, TextKey } from "../text/text.svelte.ts";
import type { Refusal } from "./line.ts";

/** Later than any date a person is told. */
export const FOREVER_FROM_MS = 8e15;

type Texts = Pick<Text, "t" | "tag" | "maybe">;

/** Hour and minute; with the day when it is another one. */
export function formatUntil(untilMs: number, tag: string, nowMs = Date.now()): string {
  const isSoon = Math.abs(untilMs - nowMs) < 12 * 3_600_000;
  const format = new Intl.DateTimeFormat(
    tag,
    isSoon ? { timeStyle: "short" } : { dateStyle: "short", timeStyle: "short" },
  );
  return format.format(untilMs);
}

/** "45 s", "5 min", "2 h". */
export function formatSpan(ms: number, tag: string): string {
  const seconds = Math.ceil(ms / 1_000);
  const [value, unit] =
    seconds < 100 ? [seconds, "second"] : seconds < 5_400 ? [seconds / 60, "minute"] : [seconds / 3_600, "hour"];
  return new Intl.NumberFormat(tag, {
    style: "unit",
    unit: unit as string,
    unitDisplay: tag.startsWith("zh") ? "short" : "narrow",
    maximumFractionDigits: 0,
  }).format(value as number);
}

/** What a moderation act tells everybody; undefined for acts that show elsewhere. */
export function actText({ body }: EntryOf<"act">, text: Texts): string | undefined {
  if (body.act === "delete" || body.act === "restore") return undefined;
  const name = body.name || "?";
  const key = body.act === "role" ? (body.role === "moderator" ? "roleModerator" : "roleViewer") : body.act;
  const untilMs = "untilMs" in body && body.act !== "role" ? body.untilMs : undefined;
  if (body.act === "mute" && (untilMs ?? 0) > FOREVER_FROM_MS) return text.t("chat.act.muteForGood", { name });
  return text.t(`chat.act.${key}`, { name, time: untilMs === undefined ? "" : formatUntil(untilMs, text.tag) });
}

/** Modes that are on, as their short names. */
export function modeNames(modes: RoomModes, text: Texts): readonly { readonly key: string; readonly name: string }[] {
  const span = (ms: number) => formatSpan(ms, text.tag);
  const shown: readonly (readonly [boolean, string, string])[] = [
    [modes.closed, "closed", text.t("chat.mode.closed")],
    [modes.shield, "shield", text.t("chat.mode.shield")],
    [modes.slowMs > 0, "slowMs", text.t("chat.mode.slow", { time: span(modes.slowMs) })],
    [modes.followersMs !== null, "followersMs", text.t("chat.mode.followers")],
    [modes.membersOnly, "membersOnly", text.t("chat.mode.members")],
    [modes.emoteOnly, "emoteOnly", text.t("chat.mode.emotes")],
    [modes.uniqueMs > 0, "uniqueMs", text.t("chat.mode.unique")],
    [modes.hold === "all", "hold", text.t("chat.mode.held")],
  ];
  return shown.filter(([isOn]) => isOn).map(([, key, name]) => ({ key, name }));
}

/** What a change of modes tells. */
export function modesText({ from, body }: EntryOf<"mode">, text: Texts): string {
  const { modes, changed } = body;
  const on = modeNames(modes, text);
  const told = changed.map((key) => {
    const known = on.find((mode) => mode.key === key);
    if (known) return text.t("chat.modeOn", { mode: known.name });
    const mode = text.maybe(`mod.mode.${key}`) ?? key;
    const isOn = key === "media" || key === "guests" ? modes[key as "media"] : false;
    return text.t(isOn ? "chat.modeOn" : "chat.modeOff", { mode });
  });
  return text.t("chat.modesChanged", { name: from.name, modes: told.join(", ") });
}

/** Why an own message was refused. */
export function refusalText({ code, untilMs }: Refusal, text: Texts): string {
  if (code === "muted" && untilMs !== undefined && untilMs < FOREVER_FROM_MS) {
    return text.t("chat.muted", { time: formatUntil(untilMs, text.tag) });
  }
  return text.maybe(`chat.refused.${code}`) ?? text.t("chat.refused.other" satisfies TextKey);
}
