/** Roles by rank, weakest first. `guest` has no account; `moderator` is per room and may end by itself. */
export const ROLES = ["guest", "viewer", "moderator", "host", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Whether `role` stands at least as high as `least`. */
export const isAtLeast = (role: Role, least: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(least);
