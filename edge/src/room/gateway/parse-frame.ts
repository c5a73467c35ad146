import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { FaultCode, NackCode } from "../../protocol/room/codes.ts";
import { type BodyOf, bodySchemas, type Kind } from "../../protocol/room/entry.ts";
import { type ClientFrame, type ClientFrameOf, clientFrameSchemas } from "../../protocol/room/frames.ts";
import { KIND_LIMITS, MAX_CLIENT_FRAME_BYTES } from "../../protocol/room/limits.ts";
import { KIND_PERMISSIONS } from "../../protocol/room/permissions.ts";
import type { Draft } from "../room-log.ts";

/** A frame, or the code of what is wrong with it. */
export type Parsed =
  | { readonly frame: ClientFrame }
  | { readonly fault: FaultCode; readonly detail?: string; readonly of?: string };

const compiled = (schemas: Readonly<Record<string, TSchema>>) =>
  new Map(Object.entries(schemas).map(([name, schema]) => [name, Compile(schema)]));
const frames = compiled(clientFrameSchemas);
const bodies = compiled(bodySchemas);

/** Reads a client's frame. Never throws. */
export function parseFrame(text: string): Parsed {
  if (Buffer.byteLength(text) > MAX_CLIENT_FRAME_BYTES) return { fault: "too-big" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: "bad-json" };
  }
  return checkFrame(value);
}

/** Checks a parsed frame. */
export function checkFrame(value: unknown): Parsed {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { fault: "bad-json" };
  const name = "t" in value && typeof value.t === "string" ? value.t : "";
  const validator = frames.get(name);
  if (!validator) return { fault: "bad-frame", detail: "no known t" };
  if (validator.Check(value)) return { frame: value as ClientFrame };
  const [first] = validator.Errors(value);
  return {
    fault: "bad-frame",
    of: name,
    detail: `${first?.instancePath || "/"} ${first?.message ?? "does not fit"}`.slice(0, 200),
  };
}

/** Control and direction characters that would disguise or break a line; line feeds and joiners of emoji stay. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const DISGUISING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/gu;

/** The draft of a publication, or the code it is refused with. */
export function draftFrom(pub: ClientFrameOf<"pub">): { readonly draft: Draft } | { readonly code: NackCode } {
  const { cid, kind, body, mediaMs } = pub;
  const validator = bodies.get(kind);
  if (!validator) return { code: "invalid" };
  const known = kind as Kind;
  if (KIND_PERMISSIONS[known].by !== "client") return { code: "forbidden" };
  const { maxBodyBytes, maxCharacters } = KIND_LIMITS[known];
  if (Buffer.byteLength(JSON.stringify(body) ?? "") > maxBodyBytes) return { code: "too-big" };
  const said = isSaid(body) ? body.text : "";
  if ([...said].length > maxCharacters && said !== "") return { code: "too-big" };
  const tidy = isSaid(body) ? { ...body, text: said.replace(DISGUISING, "").trim() } : body;
  if (!validator.Check(tidy)) return { code: "invalid" };
  return { draft: { cid, kind: known, body: tidy as BodyOf<Kind>, ...(mediaMs !== undefined && { mediaMs }) } };
}

const isSaid = (body: unknown): body is { readonly text: string } =>
  typeof body === "object" && body !== null && "text" in body && typeof body.text === "string";
