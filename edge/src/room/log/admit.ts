import type { BodyOf, Kind } from "../../protocol/room/entry.ts";
import type { RoomModes } from "../../protocol/room/modes.ts";
import {
  ADMISSION_BUDGET_MS,
  type AdmissionHook,
  type Draft,
  type Published,
  type Speaker,
  type Verdict,
} from "../room-log.ts";

/** The draft as the hooks leave it, or their refusal. */
export type Admitted = { readonly draft: Draft } | { readonly refused: Extract<Published, { readonly ok: false }> };

const RETRY_MS = 1_000;

/** Asks all hooks in turn, within one budget. A hook that fails decides nothing: the sender tries again. */
export async function admit(
  hooks: readonly AdmissionHook[],
  attempt: { readonly roomId: string; readonly speaker: Speaker; readonly draft: Draft; readonly modes: RoomModes },
): Promise<Admitted> {
  if (hooks.length === 0) return { draft: attempt.draft };
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("admission took too long")), ADMISSION_BUDGET_MS);
  try {
    return await Promise.race([askAll(hooks, attempt), late.promise]);
  } catch {
    return { refused: { ok: false, code: "busy", retryMs: RETRY_MS } };
  } finally {
    clearTimeout(timer);
  }
}

async function askAll(hooks: readonly AdmissionHook[], attempt: Parameters<AdmissionHook>[0]): Promise<Admitted> {
  let draft = attempt.draft;
  for (const hook of hooks) {
    const verdict = await hook({ ...attempt, draft });
    if (verdict.verdict === "replace") draft = { ...draft, body: verdict.body as BodyOf<Kind> };
    else if (verdict.verdict !== "allow") return { refused: refusalOf(verdict) };
  }
  return { draft };
}

function refusalOf(
  verdict: Exclude<Verdict, { readonly verdict: "allow" | "replace" }>,
): Extract<Published, { readonly ok: false }> {
  if (verdict.verdict === "hold") return { ok: false, code: "held", hint: verdict.holdId };
  const { code, hint } = verdict;
  return { ok: false, code, ...(hint !== undefined && { hint }), ...(code === "rate" && { retryMs: RETRY_MS }) };
}
