import { describe, expect, it } from "vitest";
import { readSettings, SettingsError, settingsSchema } from "./settings.ts";

describe("settings", () => {
  it("are complete from an empty environment, and an empty variable counts as not set", () => {
    expect(readSettings({ HTTP_PORT: "", PATH: "/bin" })).toEqual(readSettings({}));
    expect(Object.keys(readSettings({})).sort()).toEqual(Object.keys(settingsSchema.properties).sort());
  });

  it("are read in their types", () => {
    expect(readSettings({ HTTP_PORT: "9000", TRUST_PROXY: "true", LOG_LEVEL: "debug" })).toMatchObject({
      HTTP_PORT: 9000,
      TRUST_PROXY: true,
      LOG_LEVEL: "debug",
    });
  });

  it.each([
    ["HTTP_PORT", "99999"],
    ["HTTP_PORT", "8080.5"],
    ["REDIS_URL", "http://here"],
    ["LOG_LEVEL", "loud"],
    ["LOG_FORMAT", "xml"],
    ["TIME_ZONE", "Mars/Olympus"],
    ["PAYMENT_KEYS", "short"],
    ["INTERNAL_HOST", "0.0.0.0"],
    ["INTERNAL_HOST", "::"],
  ])("%s=%s is refused by name", (name, value) => {
    const read = () => readSettings({ [name]: value });
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(`${name}="${value}" cannot be used`);
  });

  it("names every problem at once", () => {
    expect(() => readSettings({ HTTP_PORT: "x", RTMP_PORT: "y" })).toThrow(/HTTP_PORT[\s\S]*RTMP_PORT/);
  });
});
