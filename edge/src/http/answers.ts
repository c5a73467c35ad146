import { Type } from "typebox";
import { problemSchema } from "../protocol/api.ts";

/** Response schemas of a route: its own and the problem document for every refusal. */
export const answers = <const Own extends Record<number, unknown>>(own: Own) => ({
  ...own,
  "4xx": problemSchema,
  "5xx": problemSchema,
});

/** 204: done, nothing to say. */
export const nothing = Type.Null({ description: "Done" });

/** Marks a route as needing a signed-in user, for the API's description. */
export const SIGNED_IN = [{ bearer: [] }];
