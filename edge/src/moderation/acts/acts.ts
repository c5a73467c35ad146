import { randomUUID } from "node:crypto";
import type { Clock } from "@lianmai/process";
import { ProblemError } from "../../errors.ts";
import type { ActDone, ActRequest, ModesChange, PinRequest } from "../../protocol/moderation.ts";
import type { BodyOf } from "../../protocol/room/entry.ts";
import type { RoomModes } from "../../protocol/room/modes.ts";
import { isAtLeast, type Role } from "../../protocol/room/roles.ts";
import type { ActKind, RoomLog } from "../../room/room-log.ts";
import type { StoredRoom } from "../../rooms/rooms.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { AuditEntry } from "../audit/chain.ts";
import { type Recorded, recordedIn } from "../audit/recorded.ts";
import { endOf, inverseOf, leastRoleFor, planAct } from "./plan-act.ts";
import { outranks, type RoomRoles } from "./roles.ts";

/** A room where nothing but its log is touched. */
type RoomId = Pick<StoredRoom, "id">;

/** Who acts in a room, with the role that was checked. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

/** What moderators do. Each is on disk in the audit before it takes effect, and a failure is noted after. */
export interface Acts {
  /** Refusals: `not-allowed`, `outranked`, `message-not-found`, `redis-away`. */
  perform(room: StoredRoom, by: Actor, request: ActRequest): Promise<ActDone>;
  changeModes(room: RoomId, by: Actor, change: ModesChange): Promise<ActDone>;
  pin(room: StoredRoom, by: Actor, request: PinRequest): Promise<ActDone>;
  unpin(room: StoredRoom, by: Actor): Promise<ActDone>;
  /** Takes back what the audit entry tells of. Refusals: `audit-entry-not-found`, `not-undoable`. */
  undo(room: StoredRoom, by: Actor, auditId: number): Promise<ActDone>;
  /** Records and runs something else that has its own way of taking effect. */
  readonly recorded: Recorded;
}

/** Makes {@link Acts}. `onPerform` runs after the audit and before the log: who is kept out of the video. */
export function createActs(parts: {
  readonly log: RoomLog;
  readonly audit: AuditLog;
  readonly roles: RoomRoles;
  readonly clock: Clock;
  readonly onPerform?: (
    room: StoredRoom,
    request: ActRequest,
    facts: { readonly by: Actor; readonly untilMs: number | undefined },
  ) => Promise<void>;
}): Acts {
  const { log, audit, roles, clock, onPerform } = parts;

  const recorded = recordedIn(audit);
  const write = async <K extends ActKind>(room: RoomId, by: Actor, planned: Planned<K>): Promise<ActDone> => {
    const { kind, body, act, subject, why, detail, cid = randomUUID(), first } = planned;
    const fact = {
      ...{ actor: by, act, roomId: room.id, subject, reason: why.reason ?? "", note: why.note ?? "" },
      detail: { ...detail, entry: cid },
    };
    return recorded(fact, async (auditId) => {
      await first?.();
      const { id, name, role } = by;
      const { gen, seq } = await log.act(room.id, { id, name, role }, { cid, kind, body });
      return { cid, gen, seq, auditId };
    });
  };
  const checkRank = async (room: StoredRoom, by: Actor, request: ActRequest) => {
    if (!isAtLeast(by.role, leastRoleFor(request))) throw new ProblemError("not-allowed");
    const target = await targetOf(room, request);
    if (target.id === by.id && request.act !== "delete") throw new ProblemError("outranked");
    if (target.id !== by.id && !outranks(by.role, await roles.byId(room, target.id))) {
      throw new ProblemError("outranked");
    }
    return target;
  };
  const targetOf = async (room: StoredRoom, request: ActRequest) => {
    if (!("target" in request)) return { id: request.user, name: request.name ?? "" };
    const entry = await log.find(room.id, request.target);
    if (!entry) throw new ProblemError("message-not-found");
    return { id: entry.from.id, name: entry.from.name };
  };
  const perform: Acts["perform"] = async (room, by, request) => {
    const subject = await checkRank(room, by, request);
    const body = planAct(request, clock.wallMs());
    const untilMs = "untilMs" in body ? body.untilMs : undefined;
    const { reason: _reason, ...detail } = body as Record<string, unknown>;
    const done = await write(room, by, {
      ...{ kind: "act", body, act: request.act, subject, why: request, detail },
      ...(request.cid !== undefined && { cid: request.cid }),
      first: async () => onPerform?.(room, request, { by, untilMs }),
    });
    return { ...done, ...(untilMs !== undefined && { untilMs }) };
  };
  const setModes = (
    room: RoomId,
    by: Actor,
    modes: { readonly before: RoomModes; readonly after: RoomModes },
    why: Why,
  ) => {
    const { before, after } = modes;
    const changed = (Object.keys(after) as (keyof RoomModes)[]).filter((name) => before[name] !== after[name]);
    const detail = { before, after, changed };
    return write(room, by, {
      kind: "mode",
      body: { modes: after, changed },
      act: "modes",
      subject: NOBODY,
      why,
      detail,
    });
  };
  const undoModes = async (room: StoredRoom, by: Actor, { detail, id }: AuditEntry) => {
    const before = detail["before"] as RoomModes;
    const changed = detail["changed"] as readonly (keyof RoomModes)[];
    const current = (await log.state(room.id)).modes;
    const after = { ...current, ...Object.fromEntries(changed.map((name) => [name, before[name]])) };
    return setModes(room, by, { before: current, after }, { note: `undo ${id}` });
  };
  return {
    perform,
    recorded,
    async changeModes(room, by, { reason, note, ...change }) {
      const before = (await log.state(room.id)).modes;
      return setModes(room, by, { before, after: { ...before, ...change } }, { reason, note });
    },
    pin(room, by, { text, durationMs }) {
      const untilMs = durationMs ? endOf(durationMs, clock.wallMs()) : undefined;
      const body = { text, ...(untilMs !== undefined && { untilMs }) };
      return write(room, by, { kind: "pin", body, act: "pin", subject: NOBODY, why: {}, detail: body });
    },
    unpin: (room, by) =>
      write(room, by, { kind: "unpin", body: {}, act: "unpin", subject: NOBODY, why: {}, detail: {} }),
    async undo(room, by, auditId) {
      const entry = audit.byId(auditId);
      if (!entry || entry.roomId !== room.id) throw new ProblemError("audit-entry-not-found");
      if (entry.act === "modes") return undoModes(room, by, entry);
      if (entry.act === "pin") return this.unpin(room, by);
      const inverse = inverseOf(entry);
      if (!inverse) throw new ProblemError("not-undoable");
      return perform(room, by, { ...inverse, note: `undo ${auditId}` });
    },
  };
}

type Why = { readonly reason?: ActRequest["reason"] | undefined; readonly note?: string | undefined };

interface Planned<K extends ActKind> {
  readonly kind: K;
  readonly body: BodyOf<K>;
  /** Name in the audit. */
  readonly act: string;
  readonly subject: { readonly id: string; readonly name: string };
  readonly why: Why;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly cid?: string;
  /** Runs after the audit and before the log. */
  readonly first?: () => Promise<void>;
}

const NOBODY = { id: "", name: "" };
