/** A moderator's acts from within the chat, each with a way back for a while. */
import type { ActDone, ActRequest, Problem, ReportRequest } from "@lianmai/edge/protocol";
import { ROLES, type Role } from "@lianmai/edge/protocol/room";
import type { ModerationApi } from "../api/moderation-api.ts";
import { problemFrom } from "../api/request.ts";

/** An act that was just done. */
export interface Done {
  readonly act: ActRequest["act"] | "pin" | "unpin";
  readonly name: string;
  readonly auditId: number;
  readonly canUndo: boolean;
}

const MINUTE_MS = 60_000;
/** Lengths offered for mutes and kicks; 0 lasts until undone. */
export const DURATIONS = { short: MINUTE_MS, usual: 10 * MINUTE_MS, forGood: 0 } as const;
/** How long the way back is offered in the chat; the console's audit has it for good. */
const UNDO_MS = 12_000;
const UNDOABLE: ReadonlySet<Done["act"]> = new Set(["delete", "mute", "ban", "kick", "role", "pin"]);

/** Whether somebody of this role may act on somebody of that. */
export const outranks = (actor: Role, target: Role): boolean => ROLES.indexOf(actor) > ROLES.indexOf(target);

export class Moderating {
  done = $state.raw<Done>();
  failure = $state.raw<Problem>();
  busy = $state(false);
  readonly #slug: string;
  readonly #api: Pick<ModerationApi, "act" | "undo" | "pin" | "unpin" | "report">;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(slug: string, api: Pick<ModerationApi, "act" | "undo" | "pin" | "unpin" | "report">) {
    this.#slug = slug;
    this.#api = api;
  }

  /** Acts on a person or a message of theirs; `name` is for the words only. */
  act(request: ActRequest, name: string): Promise<boolean> {
    return this.#doing(request.act, name, () => this.#api.act(this.#slug, request));
  }

  pin(text: string): Promise<boolean> {
    return this.#doing("pin", "", () => this.#api.pin(this.#slug, { text: text.slice(0, 300) }));
  }

  unpin(): Promise<boolean> {
    return this.#doing("unpin", "", () => this.#api.unpin(this.#slug));
  }

  /** Takes the last act back. */
  async undo(): Promise<void> {
    const done = this.done;
    if (!done?.canUndo) return;
    this.done = undefined;
    await this.#noting(() => this.#api.undo(this.#slug, done.auditId));
  }

  /** Tells the moderators of a message or a person; anybody may. */
  report(request: ReportRequest): Promise<boolean> {
    return this.#noting(() => this.#api.report(this.#slug, request));
  }

  async #doing(act: Done["act"], name: string, work: () => Promise<ActDone>): Promise<boolean> {
    return await this.#noting(async () => {
      const { auditId } = await work();
      this.done = { act, name, auditId, canUndo: UNDOABLE.has(act) };
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => (this.done = undefined), UNDO_MS);
    });
  }

  async #noting(work: () => Promise<unknown>): Promise<boolean> {
    this.failure = undefined;
    this.busy = true;
    try {
      await work();
      return true;
    } catch (error) {
      this.failure = problemFrom(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
