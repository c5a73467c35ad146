import { join } from "node:path";
import type { Settings } from "@lianmai/process";
import type { WantedPort } from "./preflight/ports.ts";
import type { ChildSpec } from "./supervise/spawn-child.ts";

/** The processes of the service in the order of the media's way; they stop in reverse. */
const PROCESSES = [
  { name: "ingest", main: "ingest/main.mjs" },
  { name: "stage", main: "ingest/stage.mjs" },
  { name: "transcode", main: "transcode/main.mjs" },
  { name: "edge", main: "edge/main.mjs" },
] as const;

/**
 * How glibc gives memory back, where the operator has not said (mallopt(3)). Decoders of pictures and hashes of
 * passwords run on many threads: each would keep a heap of its own, and what they free once would never go back.
 */
const FEW_HEAPS = { MALLOC_ARENA_MAX: "2" } as const;
/** Of an edge, which holds little; a mixer's pictures come and go 30 times a second and are kept. */
const GIVEN_BACK = { MALLOC_TRIM_THRESHOLD_: "131072", MALLOC_MMAP_THRESHOLD_: "131072" } as const;

/**
 * Where node keeps what it has compiled (node:module, module compile cache): a process that died is back with half the
 * work. It may be deleted at any time.
 */
const compileCache = (dataDir: string) => ({ NODE_COMPILE_CACHE: join(dataDir, "cache/node") });

/**
 * The service's processes as children, from the bundle in `folder`; each says by IPC when it serves. `env` names the
 * data directory.
 */
export function serviceSpecs(env: ChildSpec["env"], folder: string): ChildSpec[] {
  const common = { ...compileCache(env.DATA_DIR ?? "data"), ...env };
  return PROCESSES.map(({ name, main }) => ({
    name,
    file: process.execPath,
    args: ["--disable-warning=ExperimentalWarning", join(folder, main)],
    env: { ...FEW_HEAPS, ...(name === "edge" && GIVEN_BACK), ...common },
    ready: "message",
  }));
}

/** Every port the service listens on. */
export function servicePorts(settings: Settings): WantedPort[] {
  const { HTTP_HOST, RTMP_HOST, INTERNAL_HOST } = settings;
  return [
    { setting: "HTTP_PORT", host: HTTP_HOST, port: settings.HTTP_PORT },
    { setting: "RTMP_PORT", host: RTMP_HOST, port: settings.RTMP_PORT },
    { setting: "INGEST_HTTP_PORT", host: INTERNAL_HOST, port: settings.INGEST_HTTP_PORT },
    { setting: "STAGE_HTTP_PORT", host: INTERNAL_HOST, port: settings.STAGE_HTTP_PORT },
    ...(settings.MEDIA_TCP ? [{ setting: "MEDIA_PORT", host: settings.MEDIA_HOST, port: settings.MEDIA_PORT }] : []),
    { setting: "TRANSCODE_HTTP_PORT", host: INTERNAL_HOST, port: settings.TRANSCODE_HTTP_PORT },
    ...(settings.REDIS_URL ? [] : [{ setting: "REDIS_PORT", host: "127.0.0.1", port: settings.REDIS_PORT }]),
  ];
}
