/** The state that acts change, between the log's words and the fields of the sequencer. */

import { DEFAULT_MODES } from "../../protocol/room/default-modes.ts";
import type { BodyOf, Kind, ModerationAct } from "../../protocol/room/entry.ts";
import type { Pinned } from "../../protocol/room/frames.ts";
import type { RoomModes } from "../../protocol/room/modes.ts";
import { ROLES } from "../../protocol/room/roles.ts";
import type { ActKind, RoomState, Standing } from "../room-log.ts";
import type { StateChange } from "./functions.ts";

/** Rank of a role, as the sequencer compares them. */
export const rankOf = (role: (typeof ROLES)[number]): number => ROLES.indexOf(role);

const people = (field: string, value: string): StateChange => ({ key: "people", field, value });
const meta = (field: string, value: string): StateChange => ({ key: "meta", field, value });

/** Fields that an act changes; none for acts that only withdraw or warn. */
export function changesOf(kind: ActKind, body: BodyOf<ActKind>, cid: string): readonly StateChange[] {
  switch (kind) {
    case "act":
      return changesOfAct(body as ModerationAct);
    case "mode":
      return changesOfModes((body as BodyOf<"mode">).modes);
    case "pin": {
      const { text, untilMs } = body as BodyOf<"pin">;
      const pinned: Pinned = { cid, text, ...(untilMs !== undefined && { untilMs }) };
      return [meta("pin", JSON.stringify(pinned))];
    }
    case "unpin":
      return [meta("pin", "")];
  }
}

function changesOfAct(act: ModerationAct): readonly StateChange[] {
  switch (act.act) {
    case "mute":
      return [people(`m:${act.user}`, String(act.untilMs))];
    case "unmute":
      return [people(`m:${act.user}`, "")];
    case "ban":
    case "kick":
      return [people(`b:${act.user}`, String(act.untilMs))];
    case "unban":
      return [people(`b:${act.user}`, "")];
    case "role": {
      const isNone = rankOf(act.role) <= rankOf("viewer");
      return [people(`r:${act.user}`, isNone ? "" : `${rankOf(act.role)} ${act.untilMs}`)];
    }
    case "delete":
    case "restore":
    case "purge":
    case "warn":
      return [];
  }
}

/** `closed` and the like as 1 and 0, times as numbers, null as nothing. */
function changesOfModes(modes: RoomModes): readonly StateChange[] {
  return Object.entries(modes).map(([field, value]) =>
    meta(field, typeof value === "boolean" ? (value ? "1" : "0") : value === null ? "" : String(value)),
  );
}

/** Reads a room's state back from its fields; what has ended is left out. */
export function stateFrom(fields: readonly StateChange[], nowMs: number): RoomState {
  const standings = new Map<string, Standing>();
  const meta = new Map<string, string>();
  for (const { key, field, value } of fields) {
    if (value === "") continue;
    if (key === "meta") meta.set(field, value);
    else addStanding(standings, field, value, nowMs);
  }
  const pinned = meta.get("pin");
  return { modes: modesFrom(meta), pinned: pinned === undefined ? null : livePin(pinned, nowMs), standings };
}

function addStanding(standings: Map<string, Standing>, field: string, value: string, nowMs: number): void {
  const userId = field.slice(2);
  const [first = "", second = ""] = value.split(" ");
  const untilMs = Number(field.startsWith("r:") ? second : first);
  if (untilMs <= nowMs) return;
  const before = standings.get(userId) ?? {};
  if (field.startsWith("m:")) standings.set(userId, { ...before, mutedUntilMs: untilMs });
  else if (field.startsWith("b:")) standings.set(userId, { ...before, bannedUntilMs: untilMs });
  else standings.set(userId, { ...before, role: { role: ROLES[Number(first)] ?? "viewer", untilMs } });
}

function modesFrom(meta: ReadonlyMap<string, string>): RoomModes {
  const read = (name: string, fallback: RoomModes[keyof RoomModes]) => {
    const text = meta.get(name);
    if (text === undefined) return fallback;
    if (typeof fallback === "boolean") return text === "1";
    return typeof fallback === "number" || name === "followersMs" ? Number(text) : text;
  };
  return Object.fromEntries(
    Object.entries(DEFAULT_MODES).map(([name, fallback]) => [name, read(name, fallback)]),
  ) as unknown as RoomModes;
}

function livePin(text: string, nowMs: number): Pinned | null {
  const pinned = JSON.parse(text) as Pinned;
  return pinned.untilMs !== undefined && pinned.untilMs <= nowMs ? null : pinned;
}

/** Kinds whose entry withdraws others; they must reach what is kept of the log. */
export const withdraws = (kind: Kind, body: unknown): ModerationAct | undefined => {
  if (kind !== "act") return undefined;
  const act = body as ModerationAct;
  return act.act === "delete" || act.act === "purge" || act.act === "restore" ? act : undefined;
};
