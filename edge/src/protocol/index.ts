export type * from "./api.ts";
export type * from "./gifts.ts";
