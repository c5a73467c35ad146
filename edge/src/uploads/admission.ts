import type { BodyOf, Kind } from "../protocol/room/entry.ts";
import type { AdmissionHook } from "../room/room-log.ts";
import type { Uploads } from "./uploads.ts";

/** Path of an upload in its room; redirects those who may see it to a signed address. */
export const uploadPath = (slugOrId: string, id: string): string => `/api/v1/rooms/by-id/${slugOrId}/uploads/${id}`;

/** Makes the hook that puts what is known of an upload into the message that shows it; clients are not believed. */
export function createUploadAdmission(uploads: Uploads): AdmissionHook {
  return ({ roomId, speaker, draft }) => {
    const { kind, cid } = draft;
    if (kind !== "image" && kind !== "voice" && kind !== "file") return { verdict: "allow" };
    const given = draft.body as BodyOf<"image" | "voice" | "file">;
    const upload = uploads.claim({ id: given.upload, roomId, ownerId: speaker.id, kind, cid });
    if (!upload) return { verdict: "refuse", code: "invalid", hint: "upload" };
    const { id, type, sizeBytes, width, height } = upload;
    const { durationMs: _unproved, width: _width, height: _height, ...said } = given as Record<string, unknown>;
    const known = { upload: id, url: uploadPath(roomId, id), type, sizeBytes };
    const size = width !== undefined && height !== undefined ? { width, height } : {};
    return { verdict: "replace", body: { ...said, ...known, ...(kind === "image" && size) } as BodyOf<Kind> };
  };
}
