/** A transport that does not say welcome by then is given up. */
export const WELCOME_BUDGET_MS = 10_000;
/** Attempts by WebSocket that never said welcome, before server-sent events are tried. */
export const WEBSOCKET_ATTEMPTS = 3;
/** Heartbeats a connection may miss. */
export const SILENT_FACTOR = 2.5;
