import { DatabaseSync } from "node:sqlite";
import { systemClock } from "@lianmai/process";
import { type Moderation, openModeration } from "../moderation/create-moderation.ts";
import type { Session } from "../protocol/api.ts";
import type { ActDone, AuditEntry, AuditList } from "../protocol/moderation.ts";
import type { Published, Speaker } from "../room/room-log.ts";
import { type Called, PASSWORD, startTestEdge, type TestEdge } from "./edge.ts";
import { startTestRedis, type TestRedis } from "./redis.ts";
import { startTestRoom, type TestRoom, text, viewer } from "./room.ts";

/** An edge, and a second process of the same installation where people talk under the same hook. */
export interface TestModeration {
  readonly redis: TestRedis;
  readonly edge: TestEdge;
  readonly moderation: Moderation;
  readonly talk: TestRoom;
  readonly admin: Session;
  /** A new room with a host, a moderator and a viewer. */
  hall(): Promise<TestHall>;
  stop(): Promise<void>;
}

/** A room of a test. */
export interface TestHall {
  readonly slug: string;
  readonly roomId: string;
  readonly host: Session;
  readonly mo: Session;
  readonly ann: Session;
  /** Calls a path below the room. */
  call<Body>(who: Session | undefined, method: string, path: string, body?: unknown): Promise<Called<Body>>;
  act(who: Session, body: Record<string, unknown>): Promise<Called<ActDone & { readonly code: string }>>;
  say(who: Session, said: string, changes?: Partial<Speaker>): Promise<Published>;
  audit(who?: Session): Promise<readonly AuditEntry[]>;
}

const UNLIMITED = { signUpPerHour: 10_000, signInPerMinute: 10_000, writesPerMinute: 100_000 };

/** The person as the room log knows a signed-in viewer. */
export const speakerOf = ({ user }: Session, changes: Partial<Speaker> = {}): Speaker =>
  viewer(user.id, { name: user.name, ...changes });

/** Starts it with a Redis of its own. */
export async function startTestModeration(): Promise<TestModeration> {
  const redis = await startTestRedis();
  const edge = await startTestEdge(redis, { rateLimits: UNLIMITED });
  const moderation = openModeration({
    ...{ dataDir: edge.dataDir, clock: systemClock, redis: redis.client, subscriber: redis.subscriber },
  });
  const talk = await startTestRoom(redis, { dataDir: edge.dataDir, hooks: moderation.hooks });
  const credentials = { name: "admin", password: PASSWORD };
  const admin = (await edge.call<Session>("POST", "/api/v1/sessions", { body: credentials })).body;
  let halls = 0;
  return {
    ...{ redis, edge, moderation, talk, admin },
    async hall() {
      halls += 1;
      const slug = `hall-${halls}`;
      const [host, mo, ann] = [
        await edge.signUp(`Host ${halls}`),
        await edge.signUp(`Mo ${halls}`),
        await edge.signUp(`Ann ${halls}`),
      ];
      await edge.call("POST", "/api/v1/rooms", { token: host.token, body: { slug, title: "Hall" } });
      const roomId = idOf(edge.dataDir, slug);
      const call: TestHall["call"] = (who, method, path, body) =>
        edge.call(method, `/api/v1/rooms/${slug}${path}`, {
          ...(who && { token: who.token }),
          ...(body !== undefined && { body }),
        });
      const act: TestHall["act"] = (who, body) => call(who, "POST", "/moderation/acts", body);
      await act(host, { act: "role", user: mo.user.id, role: "moderator", durationMs: 0 });
      return {
        ...{ slug, roomId, host, mo, ann, call, act },
        say: (who, said, changes) => talk.log.publish(roomId, speakerOf(who, changes), text(said)),
        audit: async (who = host) => (await call<AuditList>(who, "GET", "/moderation/audit")).body.entries,
      };
    },
    async stop() {
      await talk.stop();
      moderation.stop();
      await edge.stop();
      await redis.stop();
    },
  };
}

function idOf(dataDir: string, slug: string): string {
  const file = new DatabaseSync(`${dataDir}/lianmai.sqlite`);
  const row = file.prepare("SELECT id FROM rooms WHERE slug = ?").get(slug);
  file.close();
  return String(row?.["id"]);
}
