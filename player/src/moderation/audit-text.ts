import type { AuditEntry } from "@lianmai/edge/protocol";
import type { Text } from "../text/text.svelte.ts";

/** What was done, in words; the act's own name where there are none for it. */
export function auditText({ act, actor, subject, detail }: AuditEntry, text: Pick<Text, "maybe">): string {
  const values = { actor: actor.name || actor.id, subject: subject.name || subject.id };
  return text.maybe(`audit.${nameOf(act, detail)}`, values) ?? [values.actor, act, values.subject].join(" ");
}

/** Acts that switch something are two acts to whoever reads. */
function nameOf(act: string, detail: AuditEntry["detail"]): string {
  if (act === "stage-mute" && detail["muted"] === false) return "stage-unmute";
  if (act === "stage-hide" && detail["hidden"] === false) return "stage-show";
  return act;
}
