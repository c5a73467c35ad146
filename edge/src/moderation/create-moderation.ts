import { join } from "node:path";
import type { Clock, Logger, Redis } from "@lianmai/process";
import type { FastifyRequest } from "fastify";
import type { Users } from "../accounts/users.ts";
import { ProblemError } from "../errors.ts";
import type { Authenticate } from "../http/authenticate.ts";
import type { App } from "../http/create-app.ts";
import type { RouteLimits } from "../http/rate-limits.ts";
import type { Projection } from "../keys/project.ts";
import type { AdmissionHook, RoomLog } from "../room/room-log.ts";
import type { Rooms } from "../rooms/rooms.ts";
import type { StageCommands } from "../stage/stage-commands.ts";
import { createUploadAdmission } from "../uploads/admission.ts";
import { uploadRoutes } from "../uploads/routes.ts";
import { createUploads, type Uploads } from "../uploads/uploads.ts";
import { readSecret } from "../viewing/secret.ts";
import type { Viewing } from "../viewing/viewing.ts";
import { type Acts, createActs } from "./acts/acts.ts";
import { createRoomRoles, type RoomRoles } from "./acts/roles.ts";
import { createAdmission } from "./admission.ts";
import { AUDIT_FILE, type AuditLog, openAuditLog } from "./audit/audit-log.ts";
import { createFilters, type Filters } from "./filters.ts";
import { createRaidWatch, type RaidWatch } from "./raid.ts";
import { createRoleAccess } from "./routes/access.ts";
import { actRoutes } from "./routes/act-routes.ts";
import { auditRoutes } from "./routes/audit-routes.ts";
import { peopleRoutes } from "./routes/people-routes.ts";
import { queueRoutes } from "./routes/queue-routes.ts";
import { raidRoutes } from "./routes/raid-routes.ts";
import { wordRoutes } from "./routes/word-routes.ts";
import { type Sighting, shareRaids } from "./share-raids.ts";
import { createHolds, type Holds } from "./store/holds.ts";
import { openModerationStore } from "./store/open-store.ts";
import { createRoomPeople, type RoomPeople } from "./store/people.ts";
import { createRaidOptions, type RaidOptions } from "./store/raid-options.ts";
import { createReports, type Reports } from "./store/reports.ts";
import { createWordLists, SITE, type WordLists } from "./store/word-lists.ts";

const FLUSH_EVERY_MS = 1_000;
const SWEEP_EVERY_MS = 3_600_000;
/** Rooms whose messages are watched for raids; the one silent for longest goes first. */
const MAX_WATCHED = 2_000;

/** Moderation before the room log is there: its files, and the hook that decides on messages. */
export interface Moderation {
  /** Uploads first: the words are looked for in what is then said. */
  readonly hooks: readonly AdmissionHook[];
  readonly uploads: Uploads;
  readonly audit: AuditLog;
  readonly holds: Holds;
  readonly reports: Reports;
  readonly people: RoomPeople;
  readonly lists: WordLists;
  readonly filters: Filters;
  readonly raidOptions: RaidOptions;
  readonly raidOf: (roomId: string) => RaidWatch;
  /** Whether the site's words let somebody be called so. */
  isFitName(name: string): boolean;
  /** Called from then on when a room begins to look raided. */
  onRaid(listener: (roomId: string) => void): void;
  stop(): void;
}

/** Opens the files of moderation. */
export function openModeration(parts: {
  readonly dataDir: string;
  readonly redis: Redis;
  readonly subscriber: Redis;
  readonly clock: Clock;
}): Moderation {
  const { dataDir, redis, subscriber, clock } = parts;
  const database = openModerationStore(join(dataDir, "moderation.sqlite"));
  const audit = openAuditLog(join(dataDir, AUDIT_FILE), { clock });
  const holds = createHolds(database, { clock });
  const people = createRoomPeople(database, { clock });
  const lists = createWordLists(database, { clock });
  const filters = createFilters(lists, { clock });
  const watches = new Map<string, RaidWatch>();
  const raidOf = (roomId: string): RaidWatch => {
    const watch = watches.get(roomId) ?? createRaidWatch();
    watches.delete(roomId);
    watches.set(roomId, watch);
    const oldest = watches.size > MAX_WATCHED ? watches.keys().next().value : undefined;
    if (oldest !== undefined) watches.delete(oldest);
    return watch;
  };
  const uploads = createUploads(database, {
    ...{ clock, directory: join(dataDir, "uploads"), secret: readSecret(join(dataDir, "uploads.key")) },
  });
  let raided = (_roomId: string): void => undefined;
  const watch = (roomId: string, sighting: Sighting) => {
    if (raidOf(roomId).saw(sighting, clock.monotonicMs())) raided(roomId);
  };
  const raids = shareRaids({ redis, subscriber, onSighting: watch });
  const flusher = setInterval(people.flush, FLUSH_EVERY_MS).unref();
  const sweeper = setInterval(() => {
    holds.sweep();
    void uploads.sweep().catch(() => undefined);
  }, SWEEP_EVERY_MS).unref();
  return {
    hooks: [
      createUploadAdmission(uploads),
      createAdmission({
        ...{ filters, holds, people },
        onTried(roomId, sighting) {
          raids.note(roomId, sighting);
          watch(roomId, sighting);
        },
      }),
    ],
    reports: createReports(database, { clock }),
    raidOptions: createRaidOptions(database),
    ...{ audit, holds, people, lists, filters, raidOf, uploads },
    isFitName: (name) => filters.of(SITE).check(name).action === "pass",
    onRaid(listener) {
      raided = listener;
    },
    stop() {
      clearInterval(flusher);
      clearInterval(sweeper);
      raids.stop();
      people.flush();
      audit.close();
      database.close();
    },
  };
}

/** The service itself, when it acts by a rule that somebody has chosen. */
const SERVICE = { id: "lianmai", name: "Lianmai", role: "admin" } as const;

/** Puts the acts on the room log and their routes on the application. */
export function registerModeration(
  app: App,
  moderation: Moderation,
  parts: {
    readonly log: RoomLog;
    readonly rooms: Rooms;
    readonly users: Users;
    readonly authenticate: Authenticate;
    readonly limits: RouteLimits;
    readonly projection: Projection;
    readonly viewing: Viewing;
    readonly stage: StageCommands;
    readonly clock: Clock;
    readonly logger: Logger;
  },
): { readonly acts: Acts; readonly roles: RoomRoles } {
  const { log, rooms, users, authenticate, limits, projection, viewing, stage, clock, logger } = parts;
  const { audit, raidOptions, uploads } = moderation;
  const roles = createRoomRoles({ log, users, clock });
  const acts = createActs({
    ...{ log, audit, roles, clock },
    async onPerform({ id, slug }, request, { by, untilMs }) {
      if (request.act === "delete" || request.act === "restore") {
        uploads.withdraw(id, request.target, request.act === "delete");
      }
      if (request.act === "purge") uploads.withdrawAll(id, request.user);
      if (request.act === "unban") await viewing.lift(slug, request.user);
      if ((request.act !== "kick" && request.act !== "ban") || untilMs === undefined) return;
      const strict = request.act === "kick" && request.address !== false;
      await viewing.remove(slug, { subject: request.user, untilMs, strict });
      await stage.remove(slug, { by, userId: request.user });
    },
  });
  const raiseShield = async (roomId: string) => {
    // another edge may have been first
    if ((await log.state(roomId)).modes.shield) return;
    await acts.changeModes({ id: roomId }, SERVICE, { shield: true, note: "the room looks raided" });
  };
  moderation.onRaid((roomId) => {
    if (raidOptions.answer(roomId) !== "shield") return;
    void raiseShield(roomId).catch((error) => {
      logger.warn({ err: error, room: roomId }, "the shield could not be raised");
    });
  });
  const reporterOf = async (request: FastifyRequest) => {
    const signedIn = await authenticate.optional(request);
    if (signedIn) return { id: signedIn.user.id, name: signedIn.user.name };
    const pass = viewing.passes.fromCookies(request.headers.cookie);
    if (!pass) throw new ProblemError("not-signed-in");
    return { id: `g-${pass.device}`, name: "" };
  };
  const route = { app, limits, access: createRoleAccess({ rooms, authenticate, roles }) };
  actRoutes(route, { ...moderation, acts, log, projection, clock });
  queueRoutes(route, { ...moderation, acts, log, rooms, reporterOf });
  peopleRoutes(route, { ...moderation, acts, log, rooms, roles, authenticate });
  wordRoutes(route, { ...moderation, acts, authenticate });
  auditRoutes(route, { audit, authenticate });
  uploadRoutes(app, {
    ...{ uploads, rooms, log, limits, nowMs: clock.wallMs },
    async uploaderOf(request, room) {
      const { user } = await authenticate.required(request);
      return { id: user.id, role: await roles.of(room, user) };
    },
  });
  raidRoutes(route, { raidOptions, acts });
  return { acts, roles };
}
