/** The moderation API as the console uses it. */
import type {
  ActDone,
  ActRequest,
  AuditList,
  BenchAnswer,
  HoldDecision,
  HoldList,
  ModeratedRooms,
  ModerationState,
  ModesChange,
  PinRequest,
  ReportDecision,
  ReportList,
  ReportRequest,
  UserCard,
  WordList,
  WordRequest,
} from "@lianmai/edge/protocol";
import { request } from "./request.ts";

const at = (slug: string, path = ""): string => `/rooms/${encodeURIComponent(slug)}/moderation${path}`;
const user = (slug: string, id: string): string => at(slug, `/users/${encodeURIComponent(id)}`);

/** One function per operation; each throws an ApiError. */
export const moderationApi = {
  moderatedRooms: () => request<ModeratedRooms>("GET", "/users/me/moderated-rooms"),
  state: (slug: string) => request<ModerationState>("GET", at(slug)),
  act: (slug: string, body: ActRequest) => request<ActDone>("POST", at(slug, "/acts"), { body }),
  undo: (slug: string, auditId: number) => request<ActDone>("POST", at(slug, "/undo"), { body: { auditId } }),
  changeModes: (slug: string, body: ModesChange) => request<ActDone>("PATCH", at(slug, "/modes"), { body }),
  pin: (slug: string, body: PinRequest) => request<ActDone>("PUT", at(slug, "/pin"), { body }),
  unpin: (slug: string) => request<ActDone>("DELETE", at(slug, "/pin")),
  holds: (slug: string) => request<HoldList>("GET", at(slug, "/holds")),
  decideHold: (slug: string, id: string, decision: HoldDecision["decision"]) =>
    request<void>("POST", at(slug, `/holds/${encodeURIComponent(id)}`), { body: { decision } }),
  reports: (slug: string) => request<ReportList>("GET", at(slug, "/reports")),
  decideReport: (slug: string, id: string, decision: ReportDecision["decision"]) =>
    request<void>("POST", at(slug, `/reports/${encodeURIComponent(id)}`), { body: { decision } }),
  /** Anybody may report. */
  report: (slug: string, body: ReportRequest) =>
    request<void>("POST", `/rooms/${encodeURIComponent(slug)}/reports`, { body }),
  card: (slug: string, id: string) => request<UserCard>("GET", user(slug, id)),
  note: (slug: string, id: string, text: string) =>
    request<void>("POST", `${user(slug, id)}/notes`, { body: { text } }),
  words: (slug: string) => request<WordList>("GET", at(slug, "/words")),
  addWord: (slug: string, body: WordRequest) => request<void>("POST", at(slug, "/words"), { body }),
  removeWord: (slug: string, id: string) => request<void>("DELETE", at(slug, `/words/${encodeURIComponent(id)}`)),
  tryText: (slug: string, text: string) => request<BenchAnswer>("POST", at(slug, "/words/try"), { body: { text } }),
  audit: (slug: string) => request<AuditList>("GET", at(slug, "/audit")),
};

/** Type of {@link moderationApi}. */
export type ModerationApi = typeof moderationApi;
