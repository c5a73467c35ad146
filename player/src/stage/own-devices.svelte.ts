/** The browser's own camera, microphone and screen: which are on, which there are, and why one is not. */
import type { OwnMedia } from "@lianmai/ingest/stage";
import { meterLevel } from "./level-meter.ts";
import { type MediaProblem, mediaProblem } from "./media-problem.ts";
import { type PictureSize, SIZES } from "./picture-size.ts";
import { readChoices, saveChoices } from "./remembered-devices.ts";
import type { SentTracks } from "./stage-peer.ts";

export type DeviceKind = "microphone" | "camera";
export type DeviceState = "off" | "asking" | "on";

export class OwnDevices {
  microphone = $state<DeviceState>("off");
  camera = $state<DeviceState>("off");
  screen = $state<DeviceState>("off");
  /** On, but silent by the user's own wish. */
  muted = $state(false);
  problems = $state<Partial<Record<DeviceKind | "screen", MediaProblem>>>({});
  devices = $state.raw<readonly MediaDeviceInfo[]>([]);
  level = $state(0);
  /** Of the camera, for the preview. */
  picture = $state.raw<MediaStream>();
  screenPicture = $state.raw<MediaStream>();
  choices = $state(readChoices());
  readonly #onChange: (tracks: SentTracks, own: OwnMedia) => void;
  readonly #over = new AbortController();
  #tracks: Record<keyof SentTracks, MediaStreamTrack | null> = {
    microphone: null,
    camera: null,
    screen: null,
    screenSound: null,
  };
  #stopMeter: (() => void) | undefined;
  #starting: Promise<void> | undefined;
  #asked: Promise<unknown> = Promise.resolve();

  /** `onChange` is called with all tracks whenever one has changed. */
  constructor(onChange: (tracks: SentTracks, own: OwnMedia) => void) {
    this.#onChange = onChange;
    const { signal } = this.#over;
    navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.#list(), { signal });
    void this.#list();
  }

  get own(): OwnMedia {
    return {
      microphone: this.microphone === "on" && !this.muted,
      camera: this.camera === "on",
      screen: this.screen === "on",
    };
  }

  get screenOffered(): boolean {
    return typeof navigator.mediaDevices?.getDisplayMedia === "function";
  }

  of(kind: DeviceKind): readonly MediaDeviceInfo[] {
    const wanted = kind === "camera" ? "videoinput" : "audioinput";
    return this.devices.filter((device) => device.kind === wanted && device.deviceId !== "");
  }

  /** Resolves when the browser has answered for both, also when somebody else had asked before. */
  start(): Promise<void> {
    this.#starting ??= this.#startBoth().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async turnOn(kind: DeviceKind): Promise<void> {
    this[kind] = "asking";
    const wishes = kind === "camera" ? { video: this.#videoWishes() } : { audio: this.#audioWishes() };
    try {
      const media = await this.#capture(wishes);
      this.#has(kind, media.getTracks()[0]);
      await this.#list();
    } catch (error) {
      this.#drop(kind);
      this.problems[kind] = mediaProblem(error, isSecureContext);
      this.#changed();
    }
  }

  turnOff(kind: DeviceKind): void {
    this.#drop(kind);
    this.#changed();
  }

  /** The camera goes dark, the microphone only silent: it is back without asking. */
  async toggle(kind: DeviceKind): Promise<void> {
    if (kind === "camera") return this.camera === "on" ? this.turnOff("camera") : await this.turnOn("camera");
    if (this.microphone !== "on") return await this.turnOn("microphone");
    this.muted = !this.muted;
    this.#silence();
    this.#changed();
  }

  async choose(kind: DeviceKind, deviceId: string): Promise<void> {
    this.#remember({ [kind]: deviceId });
    if (this[kind] !== "off" || this.problems[kind]) await this.turnOn(kind);
  }

  async shape(size: PictureSize): Promise<void> {
    this.#remember({ size });
    if (this.camera === "on") await this.turnOn("camera");
    else this.#changed();
  }

  async clean(change: { readonly echo?: boolean; readonly noise?: boolean }): Promise<void> {
    this.#remember(change);
    if (this.microphone === "on") await this.turnOn("microphone");
  }

  async shareScreen(): Promise<void> {
    this.screen = "asking";
    delete this.problems.screen;
    try {
      const media = await navigator.mediaDevices.getDisplayMedia({
        video: { frameRate: { ideal: 15, max: 30 } },
        audio: true,
      });
      const [picture = null] = media.getVideoTracks();
      const [sound = null] = media.getAudioTracks();
      if (picture) picture.contentHint = "detail";
      picture?.addEventListener("ended", () => this.stopScreen(), { signal: this.#over.signal });
      Object.assign(this.#tracks, { screen: picture, screenSound: sound });
      this.screenPicture = picture ? new MediaStream([picture]) : undefined;
      this.screen = "on";
    } catch (error) {
      this.screen = "off";
      const problem = mediaProblem(error, isSecureContext);
      // The browser's own dialog was closed: nothing to explain.
      if (problem !== "denied") this.problems.screen = problem;
    }
    this.#changed();
  }

  stopScreen(): void {
    for (const slot of ["screen", "screenSound"] as const) {
      this.#tracks[slot]?.stop();
      this.#tracks[slot] = null;
    }
    this.screenPicture = undefined;
    this.screen = "off";
    this.#changed();
  }

  close(): void {
    this.#over.abort();
    this.#stopMeter?.();
    for (const track of Object.values(this.#tracks)) track?.stop();
  }

  /** Both at once, so that the browser asks once; each alone where only one can be had. */
  async #startBoth(): Promise<void> {
    while (this.microphone === "asking" || this.camera === "asking") await this.#asked;
    if (this.microphone !== "off" || this.camera !== "off") return;
    this.microphone = "asking";
    this.camera = "asking";
    try {
      const media = await this.#capture({ audio: this.#audioWishes(), video: this.#videoWishes() });
      this.#has("microphone", media.getAudioTracks()[0]);
      this.#has("camera", media.getVideoTracks()[0]);
      await this.#list();
    } catch {
      this.microphone = "off";
      this.camera = "off";
      await this.turnOn("microphone");
      await this.turnOn("camera");
    }
  }

  #capture(wishes: MediaStreamConstraints): Promise<MediaStream> {
    const media = capture(wishes);
    this.#asked = Promise.all([this.#asked, media.catch(() => {})]);
    return media;
  }

  #has(kind: DeviceKind, track: MediaStreamTrack | undefined): void {
    this.#tracks[kind]?.stop();
    this.#tracks[kind] = track ?? null;
    this[kind] = track ? "on" : "off";
    delete this.problems[kind];
    track?.addEventListener("ended", () => this.#ended(kind, track), { signal: this.#over.signal });
    if (kind === "camera") this.picture = track && new MediaStream([track]);
    else this.#meter(track);
    this.#silence();
    this.#changed();
  }

  #ended(kind: DeviceKind, track: MediaStreamTrack): void {
    if (this.#tracks[kind] !== track) return;
    this.#drop(kind);
    this.problems[kind] = "unplugged";
    this.#changed();
  }

  #drop(kind: DeviceKind): void {
    this.#tracks[kind]?.stop();
    this.#tracks[kind] = null;
    this[kind] = "off";
    if (kind === "camera") this.picture = undefined;
    else this.#meter(undefined);
  }

  #meter(track: MediaStreamTrack | undefined): void {
    this.#stopMeter?.();
    this.#stopMeter = undefined;
    this.level = 0;
    if (track) {
      this.#stopMeter = meterLevel(track, (level) => {
        this.level = level;
      });
    }
  }

  #silence(): void {
    if (this.#tracks.microphone) this.#tracks.microphone.enabled = !this.muted;
  }

  #changed(): void {
    this.#onChange({ ...this.#tracks }, this.own);
  }

  #remember(change: Partial<ReturnType<typeof readChoices>>): void {
    this.choices = { ...this.choices, ...change };
    saveChoices(this.choices);
  }

  #audioWishes(): MediaTrackConstraints {
    const { microphone, echo, noise } = this.choices;
    return {
      ...(microphone && { deviceId: { ideal: microphone } }),
      ...{ echoCancellation: echo, noiseSuppression: noise, autoGainControl: noise },
    };
  }

  #videoWishes(): MediaTrackConstraints {
    const { camera, size } = this.choices;
    const { width, height } = SIZES[size];
    return {
      ...(camera ? { deviceId: { ideal: camera } } : { facingMode: "user" }),
      ...{ width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: 30, max: 30 } },
    };
  }

  async #list(): Promise<void> {
    this.devices = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
  }
}

function capture(wishes: MediaStreamConstraints): Promise<MediaStream> {
  return navigator.mediaDevices
    ? navigator.mediaDevices.getUserMedia(wishes)
    : Promise.reject(new TypeError("this page may not ask for devices"));
}
