export { type Backoff, createBackoff } from "./backoff.ts";
export { type Clock, systemClock } from "./clock.ts";
export { readInstanceId } from "./instance-id.ts";
export { createLogger, type Logger } from "./logger.ts";
export { createMetrics, type Metrics } from "./metrics.ts";
export { type OpsServer, type Readiness, startOpsRoutes } from "./ops-routes.ts";
export { connectRedis, type Redis } from "./redis.ts";
export { type ProcessContext, runProcess, settingsOrExit } from "./run-process.ts";
export { readSettings, type Settings, SettingsError, settingsSchema } from "./settings.ts";
