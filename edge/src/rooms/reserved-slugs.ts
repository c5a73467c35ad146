/** Slugs that would hide or imitate pages and paths of the site. */
const RESERVED: ReadonlySet<string> = new Set([
  "about", "account", "admin", "api", "app", "assets", "docs", "fonts", "health", "healthz", "help", "home", "host",
  "images", "index", "lianmai", "live", "lobby", "login", "logout", "me", "metrics", "new", "own", "readyz", "register",
  "robots", "room", "rooms", "search", "session", "sessions", "settings", "sign-in", "sign-out", "sign-up", "signin",
  "signup", "static", "status", "studio", "support", "system", "user", "users", "watch", "ws",
]);

/** Whether a slug is kept for the site itself. */
export const isReservedSlug = (slug: string): boolean => RESERVED.has(slug);
