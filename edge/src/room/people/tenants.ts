import { randomUUID } from "node:crypto";
import type { Clock } from "@lianmai/process";
import type { Role } from "../../protocol/room/roles.ts";
import { type Database, type SqlRow, UniqueViolation } from "../../storage/database.ts";
import { claimedKey, type Holder, isUsableKey, verifyTenantToken } from "./tokens.ts";

/** Longest life of a token that a tenant signs. */
const MAX_TENANT_TOKEN_MS = 3_600_000;
/** Keys of one tenant at a time: the one in use, the next, and some to spare. */
const MAX_KEYS = 8;
const SUBJECT = /^[A-Za-z0-9_.@|-]{1,100}$/;
const SLUG = /^[a-z0-9-]{2,40}$/;

/** A system whose people come in by tokens it signs. */
export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly keys: readonly { readonly kid: string; readonly createdAtMs: number; readonly revokedAtMs: number | null }[];
}

/** Tenants and their public keys. */
export interface Tenants {
  list(): Tenant[];
  add(name: string): Tenant;
  remove(id: string): boolean;
  /** Adds a public key: `no-tenant`, `bad-key` (private, symmetric or unknown), `taken`, `full` or `added`. */
  addKey(
    tenantId: string,
    kid: string,
    jwk: Readonly<Record<string, unknown>>,
  ): Promise<"no-tenant" | "bad-key" | "taken" | "full" | "added">;
  /** From now on tokens of that key are refused; false when there is none. */
  revokeKey(tenantId: string, kid: string): boolean;
  /** The person a tenant's token stands for; undefined for a token that does not hold. */
  holderOf(token: string): Promise<Omit<Holder, "untilMs" | "version"> | undefined>;
}

/** {@link Tenants} on SQLite. */
export function createTenants(parts: { readonly database: Database; readonly clock: Clock }): Tenants {
  const { database, clock } = parts;
  const tenantFrom = (row: SqlRow): Tenant => ({
    id: String(row["id"]),
    name: String(row["name"]),
    createdAtMs: Number(row["created_at_ms"]),
    keys: database
      .all("SELECT * FROM tenant_keys WHERE tenant_id = ? ORDER BY created_at_ms", row["id"] ?? "")
      .map((key) => ({
        kid: String(key["kid"]),
        createdAtMs: Number(key["created_at_ms"]),
        revokedAtMs: key["revoked_at_ms"] === null ? null : Number(key["revoked_at_ms"]),
      })),
  });
  const find = (id: string) => database.get("SELECT * FROM tenants WHERE id = ?", id);
  return {
    list: () => database.all("SELECT * FROM tenants ORDER BY created_at_ms").map(tenantFrom),
    add(name) {
      const id = `t${randomUUID().replaceAll("-", "").slice(0, 12)}`;
      database.run("INSERT INTO tenants (id, name, created_at_ms) VALUES (?, ?, ?)", id, name, clock.wallMs());
      return tenantFrom(find(id) ?? {});
    },
    remove: (id) => database.run("DELETE FROM tenants WHERE id = ?", id) > 0,
    async addKey(tenantId, kid, jwk) {
      const row = find(tenantId);
      if (!row) return "no-tenant";
      if (tenantFrom(row).keys.filter((key) => key.revokedAtMs === null).length >= MAX_KEYS) return "full";
      if (!(await isUsableKey(jwk))) return "bad-key";
      try {
        database.run(
          "INSERT INTO tenant_keys (tenant_id, kid, public_jwk, created_at_ms) VALUES (?, ?, ?, ?)",
          ...[tenantId, kid, JSON.stringify(jwk), clock.wallMs()],
        );
      } catch (error) {
        if (error instanceof UniqueViolation) return "taken";
        throw error;
      }
      return "added";
    },
    revokeKey: (tenantId, kid) =>
      database.run(
        "UPDATE tenant_keys SET revoked_at_ms = ? WHERE tenant_id = ? AND kid = ? AND revoked_at_ms IS NULL",
        ...[clock.wallMs(), tenantId, kid],
      ) > 0,
    async holderOf(token) {
      const claimed = claimedKey(token);
      if (!claimed) return undefined;
      const row = database.get(
        "SELECT public_jwk FROM tenant_keys WHERE tenant_id = ? AND kid = ? AND revoked_at_ms IS NULL",
        ...[claimed.issuer, claimed.kid],
      );
      if (!row) return undefined;
      const payload = await verifyTenantToken(token, {
        jwk: JSON.parse(String(row["public_jwk"])),
        issuer: claimed.issuer,
        nowMs: clock.wallMs(),
        maxLifeMs: MAX_TENANT_TOKEN_MS,
      });
      return payload && holderFrom(claimed.issuer, payload);
    },
  };
}

/** A tenant vouches for a name, a picture and moderators of rooms it names; never for hosts or admins. */
function holderFrom(
  tenantId: string,
  payload: Readonly<Record<string, unknown>>,
): Omit<Holder, "untilMs" | "version"> | undefined {
  const { sub, name, avatar, rooms } = payload;
  if (typeof sub !== "string" || !SUBJECT.test(sub)) return undefined;
  const shown = typeof name === "string" ? name.normalize("NFKC").trim().slice(0, 40) : "";
  const grants = grantsFrom(rooms);
  return {
    userId: `${tenantId}:${sub}`,
    name: shown === "" ? sub.slice(0, 40) : shown,
    role: "viewer",
    ...(typeof avatar === "string" && avatar.length <= 300 && /^https:\/\//.test(avatar) && { avatar }),
    ...(Object.keys(grants).length > 0 && { grants }),
  };
}

function grantsFrom(rooms: unknown): Readonly<Record<string, Role>> {
  const named = Object.entries(typeof rooms === "object" && rooms !== null ? rooms : {}).slice(0, 50);
  return Object.fromEntries(
    named.filter(([slug, role]) => SLUG.test(slug) && role === "moderator").map(([slug]) => [slug, "moderator"]),
  );
}
