import type { ActRequest } from "../../protocol/moderation.ts";
import type { ModerationAct } from "../../protocol/room/entry.ts";
import { FOREVER_MS } from "../../protocol/room/limits.ts";
import type { Role } from "../../protocol/room/roles.ts";
import type { AuditEntry } from "../audit/chain.ts";

/** Least role for each act. */
const LEAST: Record<ActRequest["act"], Role> = {
  delete: "moderator",
  restore: "moderator",
  purge: "moderator",
  mute: "moderator",
  unmute: "moderator",
  ban: "moderator",
  unban: "moderator",
  kick: "moderator",
  warn: "moderator",
  role: "host",
};

/** Least role of somebody who asks for this. */
export const leastRoleFor = (request: ActRequest): Role => LEAST[request.act];

/** The act as it goes into the log; `nowMs` is wall time. */
export function planAct(request: ActRequest, nowMs: number): ModerationAct {
  const why = request.reason === undefined ? {} : { reason: request.reason };
  if ("target" in request) {
    return { act: request.act, cid: request.target, ...why };
  }
  const person = { user: request.user, ...(request.name !== undefined && { name: request.name }) };
  switch (request.act) {
    case "purge":
    case "unmute":
    case "unban":
    case "warn":
      return { act: request.act, ...person, ...why };
    case "mute":
    case "ban":
    case "kick":
      return { act: request.act, ...person, untilMs: endOf(request.durationMs, nowMs), ...why };
    case "role":
      return { act: "role", ...person, role: request.role, untilMs: endOf(request.durationMs, nowMs) };
  }
}

/** 0 lasts until undone. */
export const endOf = (durationMs: number, nowMs: number): number =>
  durationMs === 0 ? FOREVER_MS : nowMs + durationMs;

/** The act that takes another one back, from its entry in the audit; undefined when nothing can. */
export function inverseOf({ act, subject, detail }: AuditEntry): ActRequest | undefined {
  const person = { user: subject.id, ...(subject.name !== "" && { name: subject.name }) };
  switch (act) {
    case "delete":
      return { act: "restore", target: String(detail["cid"]) };
    case "mute":
      return { act: "unmute", ...person };
    case "ban":
    case "kick":
      return { act: "unban", ...person };
    case "role":
      return { act: "role", ...person, role: "viewer", durationMs: 0 };
    default:
      return undefined;
  }
}
