/** Who speaks in a room. */
import { type Static, Type } from "typebox";
import { ROLES, type Role } from "./roles.ts";

export const roleSchema = Type.Unsafe<Role>(Type.Union(ROLES.map((role) => Type.Literal(role))));

/**
 * Id of a person: an account's UUID, `g-` and 22 characters for a guest's device, or `TENANT:SUBJECT` for a person
 * that another system vouches for.
 */
export const userIdSchema = Type.String({
  minLength: 1,
  maxLength: 160,
  pattern: "^[A-Za-z0-9_.@|-]+(:[A-Za-z0-9_.@|-]+)?$",
});

/** The author of an entry as all may see it. */
export const authorSchema = Type.Object({
  id: userIdSchema,
  name: Type.String({ minLength: 1, maxLength: 40 }),
  role: roleSchema,
  /** Address of a picture; a player draws initials without one. */
  avatar: Type.Optional(Type.String({ maxLength: 300 })),
});
export type Author = Static<typeof authorSchema>;
