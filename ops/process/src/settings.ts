import { type Static, Type } from "typebox";
import { Value } from "typebox/value";

const port = (fallback: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: 65_535, default: fallback, description });

const coins = (description: string) =>
  Type.Integer({ minimum: 0, maximum: 1_000_000_000_000, default: 0, description });

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** False for what means all addresses of a machine, in any way of writing it: nobody can be told to ask there. */
const isOneAddress = (host: string): boolean => !/^[0:.*]+$/.test(host);

/** Every setting of an installation: name, type, default, meaning. `ops/docs/configuration.md` is made from it. */
export const settingsSchema = Type.Object({
  HTTP_HOST: Type.String({ default: "0.0.0.0", description: "Address the public HTTP server listens on." }),
  HTTP_PORT: port(8080, "Port of the public HTTP server: pages, API, playlists and parts."),
  RTMP_HOST: Type.String({ default: "0.0.0.0", description: "Address the RTMP server listens on." }),
  RTMP_PORT: port(1935, "Port of the RTMP server that encoders publish to."),
  DATA_DIR: Type.String({
    default: "./data",
    minLength: 1,
    description: "Directory of everything that must survive a restart.",
  }),
  REDIS_URL: Type.String({
    default: "",
    pattern: "^$|^rediss?://",
    description: "Redis to use, as redis://[user:password@]host:port/db. Empty: the service runs its own.",
  }),
  REDIS_PORT: port(6390, "Loopback port of the service's own Redis (unused when REDIS_URL is set)."),
  PUBLIC_URL: Type.String({
    default: "",
    pattern: "^$|^https?://",
    description: "Address viewers use, for printed links and OBS instructions. Empty: http://HOST:HTTP_PORT.",
  }),
  ADMIN_PASSWORD: Type.String({
    default: "",
    description: "Password of the first account, `admin`. Empty: one is made at first start and printed once.",
  }),
  LOG_LEVEL: Type.Union(
    (["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const).map((level) => Type.Literal(level)),
    { default: "info", description: "Least severe log level that is written." },
  ),
  LOG_FORMAT: Type.Union([Type.Literal("pretty"), Type.Literal("json")], {
    default: "pretty",
    description: "How `npm start` writes the processes' logs: readable lines, or their JSON lines as they are.",
  }),
  INTERNAL_HOST: Type.Refine(
    Type.String({
      default: "127.0.0.1",
      description:
        "Address the processes' own HTTP listeners bind to (source hand-over, origin, metrics), and under which they tell each other to ask: one that all of them reach.",
    }),
    isOneAddress,
    () => "must be one address of this machine, by which the other processes reach it",
  ),
  INGEST_HTTP_PORT: port(8091, "Internal port of ingest: source hand-over, health, metrics."),
  STAGE_HTTP_PORT: port(8093, "Internal port of the stage: WHIP and signalling behind the edge, sources, metrics."),
  TRANSCODE_HTTP_PORT: port(8092, "Internal port of transcode: origin, health, metrics."),
  MEDIA_HOST: Type.String({ default: "0.0.0.0", description: "Address that WebRTC media are received on." }),
  MEDIA_PORT: port(8189, "UDP port of all WebRTC media; with MEDIA_TCP, the TCP port of the same number too."),
  MEDIA_TCP: Type.Boolean({
    default: true,
    description: "Whether WebRTC media may come over TCP (ICE-TCP), for networks that let no UDP through.",
  }),
  MEDIA_ANNOUNCED: Type.String({
    default: "",
    pattern: "^[0-9A-Fa-f.:, ]*$",
    description: "IP addresses, separated by commas, under which browsers reach MEDIA_PORT. Empty: the machine's own.",
  }),
  STUN_URLS: Type.String({ default: "", description: "STUN servers told to browsers, separated by commas." }),
  TURN_URLS: Type.String({ default: "", description: "TURN servers told to browsers, separated by commas." }),
  TURN_SECRET: Type.String({
    default: "",
    description: "Secret shared with the TURN servers, from which browsers' short-lived credentials are made.",
  }),
  MAX_PUBLISHERS: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    default: 16,
    description: "Most publishers at once, by RTMP and by WebRTC each.",
  }),
  MAX_WHEP_VIEWERS: Type.Integer({
    minimum: 0,
    maximum: 2_000,
    default: 60,
    description:
      "Most viewers by WebRTC (WHEP) at once; hosts, moderators and those backstage or in a seat are not counted.",
  }),
  MAX_PROGRAM_HEIGHT: Type.Integer({
    minimum: 0,
    maximum: 2_160,
    default: 0,
    description: "Largest short side of a program in pixels. 0: chosen from the number of cores.",
  }),
  MAX_PROGRAM_FPS: Type.Integer({
    minimum: 0,
    maximum: 60,
    default: 0,
    description: "Highest frame rate of a program. 0: chosen from the number of cores.",
  }),
  MIN_SOURCE_DELAY_MS: Type.Integer({
    minimum: 15,
    maximum: 400,
    default: 15,
    description:
      "Least time that an encoder's media waits before it is mixed; more is added while its packets come late. Raise it where pictures are repeated (`lianmai_mixer_held_pictures`) because encoder or machine stall now and then.",
  }),
  GIFT_HOST_PERCENT: Type.Integer({
    minimum: 0,
    maximum: 100,
    default: 100,
    description:
      "Share of a gift's coins that is the host's, or the guest's whom it was for; the rest is the platform's.",
  }),
  GIFT_COINS_PER_SEND: coins("Most coins in one gift or paid message. 0: no bound."),
  GIFT_COINS_PER_DAY: coins("Most coins that an account may give away in a day. 0: no bound."),
  GIFT_COINS_PER_MONTH: coins("Most coins that an account may give away in a calendar month. 0: no bound."),
  TIME_ZONE: Type.Refine(
    Type.String({ default: "UTC", description: "IANA time zone in which days and months begin, e.g. Asia/Shanghai." }),
    isTimeZone,
    () => "must be a time zone of the IANA database",
  ),
  PAYMENT_KEYS: Type.String({
    default: "",
    pattern: "^$|^[^,\\s]{32,}(,[^,\\s]{32,})*$",
    description:
      "Keys with which the operator's payment system signs top-ups, 32 characters or more each, separated by commas. Empty: none are taken.",
  }),
  ROOM_CONNECTS_PER_MINUTE: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 600,
    description: "New chat connections that one address may open in a minute.",
  }),
  CHAT_DAYS: Type.Integer({
    minimum: 0,
    maximum: 3_650,
    default: 0,
    description: "Days that rooms' chat is kept where a host has chosen nothing else. 0: for good.",
  }),
  TRUST_PROXY: Type.Boolean({
    default: false,
    description: "Whether X-Forwarded-* headers of a proxy in front are believed.",
  }),
});

/** The parsed settings. */
export type Settings = Readonly<Static<typeof settingsSchema>>;

/** A setting that cannot be used; `message` has one line per problem, fit to print. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** Reads the settings from an environment; unset or empty variables take their default. Throws {@link SettingsError}. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const given: Record<string, unknown> = {};
  for (const name of Object.keys(settingsSchema.properties)) {
    const value = environment[name];
    if (value !== undefined && value !== "") given[name] = value;
  }
  const candidate = convertWhole(Value.Default(settingsSchema, given) as Record<string, unknown>);
  if (Value.Check(settingsSchema, candidate)) return candidate;
  const lines = [...Value.Errors(settingsSchema, candidate)].map((error) => {
    const name = error.instancePath.slice(1);
    return `${name}=${JSON.stringify(environment[name])} cannot be used: it ${error.message}`;
  });
  throw new SettingsError([...new Set(lines)].join("\n"));
}

/** Texts to the schema's types, but for broken numbers: the converter would cut "8080.5" to 8080 in silence. */
function convertWhole(given: Readonly<Record<string, unknown>>): unknown {
  const converted = Value.Convert(settingsSchema, { ...given }) as Record<string, unknown>;
  for (const [name, value] of Object.entries(given)) {
    const isCut = typeof value === "string" && typeof converted[name] === "number" && !/^\d+$/.test(value);
    if (isCut) converted[name] = value;
  }
  return converted;
}
