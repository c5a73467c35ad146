export type * from "./api.ts";
export type * from "./gifts.ts";
export type * from "./moderation.ts";
export type * from "./stage.ts";
