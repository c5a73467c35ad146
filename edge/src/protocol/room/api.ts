/** Bodies of the rooms' HTTP routes. */
import { type Static, Type } from "typebox";
import { roleSchema, userIdSchema } from "./people.ts";

/** Body of POST /api/v1/room/token. */
export const roomTokenRequestSchema = Type.Object(
  {
    /** Secret a guest's device keeps; makes its id. */
    device: Type.Optional(Type.String({ minLength: 16, maxLength: 200 })),
    nickname: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
    /** JWT of a tenant. */
    assertion: Type.Optional(Type.String({ minLength: 16, maxLength: 4_096 })),
  },
  { additionalProperties: false },
);
export type RoomTokenRequest = Static<typeof roomTokenRequestSchema>;

/** Its answer. */
export const roomTokenSchema = Type.Object({
  token: Type.String(),
  untilMs: Type.Integer(),
  user: Type.Object({ id: userIdSchema, name: Type.String(), role: roleSchema }),
});
export type RoomToken = Static<typeof roomTokenSchema>;

/** A system that signs tokens for its people. */
export const tenantSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  createdAtMs: Type.Integer(),
  keys: Type.Array(
    Type.Object({
      kid: Type.String(),
      createdAtMs: Type.Integer(),
      revokedAtMs: Type.Union([Type.Integer(), Type.Null()]),
    }),
  ),
});
export type Tenant = Static<typeof tenantSchema>;

/** Body of POST /api/v1/tenants. */
export const tenantCreationSchema = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 80 }) },
  { additionalProperties: false },
);
/** Body of POST /api/v1/tenants/:id/keys. */
export const tenantKeySchema = Type.Object(
  {
    kid: Type.String({ minLength: 1, maxLength: 100, pattern: "^[A-Za-z0-9_.-]+$" }),
    /** A public key: Ed25519, P-256 or RSA. */
    jwk: Type.Record(Type.String({ maxLength: 20 }), Type.Unknown()),
  },
  { additionalProperties: false },
);
