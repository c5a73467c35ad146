import { expect, it } from "vitest";
import { createEncoderAddresses } from "./encoder-addresses.ts";

const reached = { protocol: "http", host: "192.168.1.9:8080", hostname: "192.168.1.9" };

it("are where the client has come to, while no public URL is set", () => {
  expect(createEncoderAddresses({ publicUrl: "", rtmpPort: 1_935 })("tea", reached)).toEqual({
    server: "rtmp://192.168.1.9:1935/live",
    whipUrl: "http://192.168.1.9:8080/whip/tea",
  });
});

it("are the public ones, however the client has come", () => {
  expect(createEncoderAddresses({ publicUrl: "https://live.example/", rtmpPort: 1_936 })("tea", reached)).toEqual({
    server: "rtmp://live.example:1936/live",
    whipUrl: "https://live.example/whip/tea",
  });
});
