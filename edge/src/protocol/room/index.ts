/** Contract of the room protocol: types and plain constants; the validators stay with the server. */
export type * from "./api.ts";
export * from "./codes.ts";
export * from "./default-modes.ts";
export type * from "./entry.ts";
export type * from "./frames.ts";
export * from "./limits.ts";
export type * from "./modes.ts";
export type * from "./people.ts";
export * from "./permissions.ts";
export * from "./roles.ts";
export type * from "./state-plane.ts";
