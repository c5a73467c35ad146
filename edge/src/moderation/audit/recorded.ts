import { ProblemError } from "../../errors.ts";
import { RoomAway } from "../../room/room-log.ts";
import type { AuditLog } from "./audit-log.ts";
import type { AuditFact } from "./chain.ts";

/** Records a fact, then does it; what fails is recorded as having failed. */
export type Recorded = <Result>(
  fact: Omit<AuditFact, "atMs">,
  work: (auditId: number) => Promise<Result>,
) => Promise<Result>;

/** Makes {@link Recorded}. */
export const recordedIn =
  (audit: Pick<AuditLog, "record">): Recorded =>
  async (fact, work) => {
    const { id } = audit.record(fact);
    try {
      return await work(id);
    } catch (error) {
      audit.record({ ...fact, act: "failed", detail: { of: id, why: codeOf(error) } });
      throw error instanceof RoomAway
        ? new ProblemError("redis-away", { retryAfterMs: error.retryMs, cause: error })
        : error;
    }
  };

const codeOf = (error: unknown): string => {
  if (error instanceof ProblemError) return error.code;
  return error instanceof RoomAway ? "redis-away" : "internal";
};
