/** The edge's API as the pages use it. */
import type {
  Credentials,
  NewStreamKey,
  OwnRooms,
  PasswordChange,
  Room,
  RoomCreation,
  RoomHostSettings,
  RoomIngestHealth,
  RoomList,
  Session,
  SessionList,
  StreamKey,
  StreamKeyList,
  User,
  Viewing,
} from "@lianmai/edge/protocol";
import { request } from "./request.ts";

const at = (slug: string): string => `/rooms/${encodeURIComponent(slug)}`;

/** One function per operation; each throws an ApiError. */
export const api = {
  signUp: (body: Credentials) => request<Session>("POST", "/users", { body }),
  signIn: (body: Credentials) => request<Session>("POST", "/sessions", { body }),
  signOut: () => request<void>("DELETE", "/sessions/current"),
  me: () => request<User>("GET", "/users/me"),
  changePassword: (body: PasswordChange) => request<void>("POST", "/users/me/password", { body }),
  sessions: () => request<SessionList>("GET", "/sessions"),
  endSession: (id: string) => request<void>("DELETE", `/sessions/${encodeURIComponent(id)}`),

  rooms: (query: { readonly cursor?: string; readonly signal?: AbortSignal } = {}) =>
    request<RoomList>("GET", query.cursor ? `/rooms?cursor=${encodeURIComponent(query.cursor)}` : "/rooms", query),
  room: (slug: string, signal?: AbortSignal) => request<Room>("GET", at(slug), signal ? { signal } : {}),
  /** Gets the cookie this browser watches with; again after signing in or out. */
  becomeViewer: () => request<void>("POST", "/viewer"),
  viewing: (slug: string, signal?: AbortSignal) =>
    request<Viewing>("GET", `${at(slug)}/viewing`, signal ? { signal } : {}),
  ownRooms: () => request<OwnRooms>("GET", "/users/me/rooms"),
  createRoom: (body: RoomCreation) => request<Room>("POST", "/rooms", { body }),
  settings: (slug: string) => request<RoomHostSettings>("GET", `${at(slug)}/settings`),
  changeSettings: (slug: string, body: Partial<RoomHostSettings>) =>
    request<RoomHostSettings>("PATCH", `${at(slug)}/settings`, { body }),
  endProgram: (slug: string) => request<void>("POST", `${at(slug)}/end`),
  ingestHealth: (slug: string, signal?: AbortSignal) =>
    request<RoomIngestHealth>("GET", `${at(slug)}/ingest-health`, signal ? { signal } : {}),

  streamKeys: (slug: string) => request<StreamKeyList>("GET", `${at(slug)}/stream-keys`),
  createStreamKey: (slug: string, label: string) =>
    request<NewStreamKey>("POST", `${at(slug)}/stream-keys`, { body: { label } }),
  rotateStreamKey: (slug: string, id: string) =>
    request<NewStreamKey>("POST", `${at(slug)}/stream-keys/${encodeURIComponent(id)}/rotate`),
  revokeStreamKey: (slug: string, id: string) =>
    request<StreamKey | undefined>("DELETE", `${at(slug)}/stream-keys/${encodeURIComponent(id)}`),
};

/** Type of {@link api}, for whoever takes it as a collaborator. */
export type Api = typeof api;
