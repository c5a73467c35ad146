/** The test of a browser's way to the stage, one step after the other. */
import type { IceServer } from "@lianmai/ingest/signalling";
import { problemFrom } from "../api/request.ts";
import type { OwnDevices } from "../stage/own-devices.svelte.ts";
import { stageApi } from "../stage/stage-api.ts";
import { type Finding, judge } from "./judge.ts";
import { type ProbeResult, probe, type Way } from "./probe.ts";

export type StepState = "waiting" | "running" | "ok" | "failed" | "left-out";

const SEND_MS = 6_000;

export class ConnectionTest {
  running = $state(false);
  steps = $state<Record<Way, StepState>>({ udp: "waiting", tcp: "waiting", relay: "waiting" });
  results = $state.raw<Partial<Record<Way, ProbeResult>>>({});
  findings = $state.raw<readonly Finding[]>([]);
  /** Code of a problem that kept the test from running. */
  problem = $state.raw<ReturnType<typeof problemFrom>>();
  readonly #devices: Pick<OwnDevices, "microphone" | "camera" | "start">;

  constructor(devices: Pick<OwnDevices, "microphone" | "camera" | "start">) {
    this.#devices = devices;
  }

  async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    this.problem = undefined;
    this.findings = [];
    this.results = {};
    this.steps = { udp: "waiting", tcp: "waiting", relay: "waiting" };
    try {
      await this.#devices.start();
      const { iceServers } = await stageApi.iceServers();
      await this.#step("udp", iceServers);
      await this.#step("tcp", iceServers);
      if (iceServers.some(({ credential }) => credential !== undefined)) await this.#step("relay", iceServers);
      else this.steps.relay = "left-out";
      const { udp, tcp, relay } = this.results;
      const { microphone, camera } = this.#devices;
      this.findings = judge({ udp, tcp, relay, microphone: microphone === "on", camera: camera === "on" });
    } catch (error) {
      this.problem = problemFrom(error);
    }
    this.running = false;
  }

  /** The upload is measured once, on the first way that leads there. */
  async #step(way: Way, iceServers: readonly IceServer[]): Promise<void> {
    this.steps[way] = "running";
    const measured = Object.values(this.results).some(({ reached }) => reached);
    const result = await probe({
      ...{ way, iceServers, sendMs: measured ? 1_000 : SEND_MS },
      ask: async (sdp) => (await stageApi.testOffer(sdp)).sdp,
    });
    this.results = { ...this.results, [way]: result };
    this.steps[way] = result.reached ? "ok" : "failed";
  }
}
