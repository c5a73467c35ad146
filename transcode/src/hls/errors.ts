/**
 * Every error the origin answers with; described for operators in ops/docs/errors-origin.md. Codes are never reused.
 * Bodies are RFC 9457 problem documents.
 */

/** Code, HTTP status and title of each error. */
export const ORIGIN_ERRORS = {
  "not-found": { status: 404, title: "No such resource" },
  "room-not-live": { status: 404, title: "This room has no program" },
  "program-gone": { status: 404, title: "This program is over or was never here" },
  "rendition-unknown": { status: 404, title: "The program has no such rendition" },
  "rendition-gone": { status: 410, title: "This rendition was given up; choose another" },
  "init-not-found": { status: 404, title: "No such initialization segment" },
  "segment-not-found": { status: 404, title: "No such segment, or no longer" },
  "part-not-found": { status: 404, title: "No such part, or no longer" },
  "thumbnail-not-found": { status: 404, title: "The program has no thumbnail yet" },
  "directive-invalid": { status: 400, title: "A delivery directive has no valid value" },
  "directive-repeated": { status: 400, title: "A delivery directive stands more than once" },
  "part-without-msn": { status: 400, title: "_HLS_part needs _HLS_msn" },
  "skip-invalid": { status: 400, title: "_HLS_skip is YES or v2" },
  "msn-too-far": { status: 400, title: "The media sequence number is too far ahead" },
  "part-too-far": { status: 400, title: "The part is too far ahead" },
  "method-not-allowed": { status: 405, title: "Only GET, HEAD and OPTIONS are answered" },
  "uri-too-long": { status: 414, title: "The request target is too long" },
  "program-starting": { status: 503, title: "The program has no media yet" },
  "not-updated": { status: 503, title: "The program made no new media in time" },
  "too-many-waiting": { status: 503, title: "Too many requests are waiting for this program" },
  "internal-error": { status: 500, title: "The origin failed to answer" },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>;

export type OriginErrorCode = keyof typeof ORIGIN_ERRORS;

/** The problem document of an error, as it goes on the wire. */
export function problemBody(code: OriginErrorCode): Buffer {
  const { status, title } = ORIGIN_ERRORS[code];
  return Buffer.from(JSON.stringify({ type: "about:blank", title, status, code }));
}
