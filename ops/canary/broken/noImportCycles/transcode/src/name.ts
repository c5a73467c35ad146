import { greet } from "./greet.ts";

/** A name made of a greeting. */
export const NAME = greet("nobody");
