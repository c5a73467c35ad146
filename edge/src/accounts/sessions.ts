import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "@lianmai/process";
import type { SessionSummary, User } from "../protocol/api.ts";
import type { Database, SqlRow } from "../storage/database.ts";

/** A session lives this long after its last use. */
export const SESSION_LIFE_MS = 30 * 24 * 3_600_000;
/** Use is written down at most this often: reading must not cost an fsync. */
const TOUCH_EVERY_MS = 10 * 60_000;
/** The oldest session of a user ends when there would be more. */
const MAX_SESSIONS_PER_USER = 50;

/** Who is asking, by which session. */
export interface SignedIn {
  readonly sessionId: string;
  readonly user: User;
}

/** Sign-in sessions, durable; the token itself is known to the client only. */
export interface Sessions {
  start(user: User, options: { readonly userAgent: string }): Promise<{ token: string; expiresAtMs: number }>;
  /** The session of a token, undefined when unknown, ended or expired; using it prolongs it. */
  find(token: string): Promise<SignedIn | undefined>;
  list(userId: string, options: { readonly currentId: string }): Promise<SessionSummary[]>;
  /** Ends one of the user's sessions; false when there is none of that id. */
  end(userId: string, sessionId: string): Promise<boolean>;
  /** Ends all sessions of a user but one; answers how many. */
  endOthers(userId: string, options: { readonly keepId: string }): Promise<number>;
  /** Forgets expired sessions. */
  sweep(): Promise<number>;
}

const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

/** {@link Sessions} on SQLite. */
export function createSessions(database: Database, options: { readonly clock: Clock }): Sessions {
  const { clock } = options;
  return {
    async start(user, { userAgent }) {
      const token = randomBytes(32).toString("base64url");
      const nowMs = clock.wallMs();
      const expiresAtMs = nowMs + SESSION_LIFE_MS;
      database.transaction(() => {
        database.run(
          `DELETE FROM sessions WHERE id IN
           (SELECT id FROM sessions WHERE user_id = ? ORDER BY last_seen_at_ms DESC LIMIT -1 OFFSET ?)`,
          user.id,
          MAX_SESSIONS_PER_USER - 1,
        );
        database.run(
          `INSERT INTO sessions (id, user_id, token_hash, user_agent, created_at_ms, last_seen_at_ms, expires_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?)`,
          randomUUID(),
          user.id,
          hashOf(token),
          userAgent.slice(0, 200),
          nowMs,
          nowMs,
          expiresAtMs,
        );
      });
      return { token, expiresAtMs };
    },
    async find(token) {
      const nowMs = clock.wallMs();
      const row = database.get(
        `SELECT s.id AS session_id, s.last_seen_at_ms, u.id, u.name, u.role, u.created_at_ms
         FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = ? AND s.expires_at_ms > ?`,
        hashOf(token),
        nowMs,
      );
      if (!row) return undefined;
      const sessionId = String(row["session_id"]);
      if (nowMs - Number(row["last_seen_at_ms"]) >= TOUCH_EVERY_MS) {
        database.run(
          "UPDATE sessions SET last_seen_at_ms = ?, expires_at_ms = ? WHERE id = ?",
          nowMs,
          nowMs + SESSION_LIFE_MS,
          sessionId,
        );
      }
      return { sessionId, user: userFrom(row) };
    },
    async list(userId, { currentId }) {
      const rows = database.all(
        "SELECT * FROM sessions WHERE user_id = ? AND expires_at_ms > ? ORDER BY last_seen_at_ms DESC, id",
        userId,
        clock.wallMs(),
      );
      return rows.map((row) => ({
        id: String(row["id"]),
        current: row["id"] === currentId,
        userAgent: String(row["user_agent"]),
        createdAtMs: Number(row["created_at_ms"]),
        lastSeenAtMs: Number(row["last_seen_at_ms"]),
        expiresAtMs: Number(row["expires_at_ms"]),
      }));
    },
    end: async (userId, sessionId) =>
      database.run("DELETE FROM sessions WHERE id = ? AND user_id = ?", sessionId, userId) > 0,
    endOthers: async (userId, { keepId }) =>
      database.run("DELETE FROM sessions WHERE user_id = ? AND id <> ?", userId, keepId),
    sweep: async () => database.run("DELETE FROM sessions WHERE expires_at_ms <= ?", clock.wallMs()),
  };
}

const userFrom = (row: SqlRow): User => ({
  id: String(row["id"]),
  name: String(row["name"]),
  role: row["role"] === "admin" ? "admin" : "user",
  createdAtMs: Number(row["created_at_ms"]),
});
