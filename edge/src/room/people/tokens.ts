/** The only importer of jose: our own room tokens, and those that tenants sign for their people. */
import { createHash, randomUUID } from "node:crypto";
import type { Clock } from "@lianmai/process";
import {
  type CryptoKey,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from "jose";
import { createCountedCache } from "../../bounded-cache.ts";
import type { Role } from "../../protocol/room/roles.ts";
import type { Database } from "../../storage/database.ts";

/** A room token lives this long; clients refresh it in-band before. */
export const TOKEN_LIFE_MS = 15 * 60_000;
/** A new key signs after this long; older ones verify for another token's life, then go. */
const ROTATE_AFTER_MS = 30 * 86_400_000;
const ALGORITHM = "EdDSA";
const ISSUER = "lianmai";
/** Tokens of ours that were found good; who comes back with one is not verified anew. */
const MAX_VERIFIED = 20_000;
/** Algorithms a tenant may sign with: none that needs a shared secret. */
const TENANT_ALGORITHMS = ["EdDSA", "ES256", "RS256", "PS256"];

/** What a room token says about its holder. */
export interface Holder {
  readonly userId: string;
  readonly name: string;
  /** Role everywhere; a room may give more. */
  readonly role: Extract<Role, "guest" | "viewer" | "admin">;
  readonly version: number;
  readonly untilMs: number;
  readonly avatar?: string;
  /** Roles in rooms, by slug, that a tenant vouches for. */
  readonly grants?: Readonly<Record<string, Role>>;
}

/** Room tokens. */
export interface Tokens {
  issue(holder: Omit<Holder, "untilMs">): Promise<{ readonly token: string; readonly untilMs: number }>;
  /** The holder of a token of ours that has not ended; undefined for anything else. */
  verify(token: string): Promise<Holder | undefined>;
  /** Makes a new signing key now; the others go on verifying. */
  rotate(): Promise<void>;
}

interface SigningKey {
  readonly kid: string;
  readonly createdAtMs: number;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** {@link Tokens} with keys on disk, shared by the edges of one machine. */
export async function createTokens(parts: { readonly database: Database; readonly clock: Clock }): Promise<Tokens> {
  const { database, clock } = parts;
  const keys = new Map<string, SigningKey>();
  const verifiedTokens = createCountedCache<Holder>({ maxEntries: MAX_VERIFIED });
  const load = async () => {
    for (const row of database.all("SELECT * FROM signing_keys ORDER BY created_at_ms")) {
      const kid = String(row["kid"]);
      if (keys.has(kid)) continue;
      const { d, ...publicJwk } = JSON.parse(String(row["private_jwk"])) as JWK;
      keys.set(kid, {
        kid,
        createdAtMs: Number(row["created_at_ms"]),
        privateKey: (await importJWK({ ...publicJwk, d }, ALGORITHM)) as CryptoKey,
        publicKey: (await importJWK(publicJwk, ALGORITHM)) as CryptoKey,
      });
    }
  };
  const rotate = async () => {
    const { privateKey } = await generateKeyPair(ALGORITHM, { crv: "Ed25519", extractable: true });
    database.run(
      "INSERT INTO signing_keys (kid, private_jwk, created_at_ms) VALUES (?, ?, ?)",
      randomUUID(),
      JSON.stringify(await exportJWK(privateKey)),
      clock.wallMs(),
    );
    await load();
  };
  const newest = async (): Promise<SigningKey> => {
    const last = [...keys.values()].at(-1);
    if (last && clock.wallMs() - last.createdAtMs < ROTATE_AFTER_MS) return last;
    await rotate();
    const made = [...keys.values()].at(-1);
    if (!made) throw new Error("there is no key to sign tokens with");
    return made;
  };
  await load();
  await newest();
  return {
    rotate,
    async issue({ userId, name, role, version, avatar, grants }) {
      const key = await newest();
      const nowMs = clock.wallMs();
      const untilMs = nowMs + TOKEN_LIFE_MS;
      const token = await new SignJWT({ name, role, uv: version, ...(avatar && { avatar }), ...(grants && { grants }) })
        .setProtectedHeader({ alg: ALGORITHM, kid: key.kid })
        .setIssuer(ISSUER)
        .setAudience("room")
        .setSubject(userId)
        .setJti(randomUUID())
        .setIssuedAt(Math.floor(nowMs / 1_000))
        .setExpirationTime(Math.floor(untilMs / 1_000))
        .sign(key.privateKey);
      return { token, untilMs };
    },
    async verify(token) {
      const digest = digestOf(token);
      const seen = verifiedTokens.get(digest);
      if (seen && seen.untilMs > clock.wallMs()) return seen;
      const kid = kidOf(token);
      if (kid === undefined) return undefined;
      // another edge may have made it
      if (!keys.has(kid)) await load();
      const key = keys.get(kid);
      if (!key) return undefined;
      const payload = await verified(token, key.publicKey, {
        ...{ issuer: ISSUER, audience: "room", algorithms: [ALGORITHM] },
        currentDate: new Date(clock.wallMs()),
      });
      const holder = payload && holderFrom(payload);
      if (holder) verifiedTokens.set(digest, holder);
      return holder;
    },
  };
}

/** The claims of a token that `jwk` has signed, for tenants' tokens; undefined when anything about it is wrong. */
export async function verifyTenantToken(
  token: string,
  expected: { readonly jwk: JWK; readonly issuer: string; readonly nowMs: number; readonly maxLifeMs: number },
): Promise<JWTPayload | undefined> {
  const key = await importJWK(expected.jwk, expected.jwk.alg ?? ALGORITHM).catch(() => undefined);
  if (!key || key instanceof Uint8Array) return undefined;
  return verified(token, key, {
    issuer: expected.issuer,
    audience: ISSUER,
    algorithms: TENANT_ALGORITHMS,
    currentDate: new Date(expected.nowMs),
    maxTokenAge: expected.maxLifeMs / 1_000,
    requiredClaims: ["sub", "exp", "iat"],
  });
}

/** Whether a key can be given to {@link verifyTenantToken}: public, of a known kind. */
export async function isUsableKey(jwk: Readonly<Record<string, unknown>>): Promise<boolean> {
  if ("d" in jwk || "k" in jwk) return false;
  const key = await importJWK(jwk as JWK, typeof jwk["alg"] === "string" ? jwk["alg"] : ALGORITHM).catch(
    () => undefined,
  );
  return key !== undefined && !(key instanceof Uint8Array);
}

/** `kid` and issuer of a token, unverified: to find the key. */
export function claimedKey(token: string): { readonly kid: string; readonly issuer: string } | undefined {
  const kid = kidOf(token);
  try {
    const payload = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { iss?: unknown };
    return kid !== undefined && typeof payload.iss === "string" ? { kid, issuer: payload.iss } : undefined;
  } catch {
    return undefined;
  }
}

/** All of a token in few bytes: one that differs anywhere is verified anew. */
const digestOf = (token: string): string => createHash("sha256").update(token).digest("binary");

function kidOf(token: string): string | undefined {
  try {
    const { kid } = decodeProtectedHeader(token);
    return typeof kid === "string" ? kid : undefined;
  } catch {
    return undefined;
  }
}

async function verified(
  token: string,
  key: CryptoKey,
  options: Parameters<typeof jwtVerify>[2],
): Promise<JWTPayload | undefined> {
  try {
    return (await jwtVerify(token, key, options)).payload;
  } catch {
    return undefined;
  }
}

function holderFrom(payload: JWTPayload): Holder | undefined {
  const { sub, name, role, uv, exp, avatar, grants } = payload as JWTPayload & Record<string, unknown>;
  if (typeof sub !== "string" || typeof name !== "string" || typeof uv !== "number" || typeof exp !== "number") {
    return undefined;
  }
  return {
    ...{ userId: sub, name, version: uv, untilMs: exp * 1_000 },
    role: role === "admin" || role === "guest" ? role : "viewer",
    ...(typeof avatar === "string" && { avatar }),
    ...(typeof grants === "object" && grants !== null && { grants: grants as Holder["grants"] & object }),
  };
}
