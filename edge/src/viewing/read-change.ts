import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Removal } from "./removals.ts";

/** A removal, or the end of one, as edges tell each other. */
export type Change = Removal | { readonly room: string; readonly lifted: string };

const removal = Type.Object({
  room: Type.String(),
  subject: Type.String(),
  untilMs: Type.Number(),
  marks: Type.Array(Type.String({ pattern: "^[uda]:" })),
  strict: Type.Boolean(),
});
const change = Compile(Type.Union([removal, Type.Object({ room: Type.String(), lifted: Type.String() })]));

/** Reads what an edge has told; undefined when it is nothing of ours, as one of another release may write otherwise. */
export function readChange(text: string): Change | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return change.Check(value) ? (value as Change) : undefined;
  } catch {
    return undefined;
  }
}
