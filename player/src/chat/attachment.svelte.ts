/** A picture or voice note on its way to the edge, before it is said. */
import type { Problem, Upload } from "@lianmai/edge/protocol";
import { ApiError, NO_ANSWER } from "../api/request.ts";

/** Largest picture the edge takes. */
export const MAX_IMAGE_BYTES = 8 * 1_024 * 1_024;
const UPLOAD_MS = 60_000;

export type AttachmentState =
  | { readonly at: "sending" }
  | { readonly at: "ready"; readonly upload: Upload }
  | { readonly at: "failed"; readonly problem: Problem };

export class Attachment {
  readonly kind: "image" | "voice";
  /** Address of the bytes in this page. */
  readonly previewUrl: string;
  state = $state.raw<AttachmentState>({ at: "sending" });
  readonly #abort = new AbortController();

  constructor(slug: string, { kind, bytes }: { readonly kind: "image" | "voice"; readonly bytes: Blob }) {
    this.kind = kind;
    this.previewUrl = URL.createObjectURL(bytes);
    void this.#send(slug, bytes);
  }

  /** Lets go of it; what was uploaded and never said is forgotten by the edge. */
  close(): void {
    this.#abort.abort();
    URL.revokeObjectURL(this.previewUrl);
  }

  async #send(slug: string, bytes: Blob): Promise<void> {
    try {
      if (bytes.size > MAX_IMAGE_BYTES) throw new ApiError(tooLarge);
      this.state = { at: "ready", upload: await this.#upload(slug, bytes) };
    } catch (error) {
      if (!this.#abort.signal.aborted) this.state = { at: "failed", problem: problemOf(error) };
    }
  }

  async #upload(slug: string, bytes: Blob): Promise<Upload> {
    const response = await fetch(`/api/v1/rooms/${encodeURIComponent(slug)}/uploads?kind=${this.kind}`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: bytes,
      signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(UPLOAD_MS)]),
    });
    const body: unknown = await response.json();
    if (!response.ok) throw new ApiError(body as Problem);
    return body as Upload;
  }
}

const tooLarge: Problem = { type: "about:blank", title: "Too large", status: 413, code: "too-large" };

const problemOf = (error: unknown): Problem =>
  error instanceof ApiError ? error.problem : { type: "about:blank", title: String(error), status: 0, code: NO_ANSWER };
