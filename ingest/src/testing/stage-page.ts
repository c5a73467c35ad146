import type { Page } from "playwright-core";
import type { TestStage } from "./stage.ts";

/**
 * Makes a page speak to the stage as the studio does: events, requests, one peer connection. Its state stands in
 * `window.guest`. The node is asked directly, through a route of the page, with the actor an edge would have named.
 */
export async function openStagePage(
  page: Page,
  options: {
    readonly stage: Pick<TestStage, "url" | "token">;
    readonly room: string;
    readonly actor: { readonly userId: string; readonly name: string; readonly role: "host" | "moderator" | "guest" };
  },
): Promise<void> {
  const { stage, room, actor } = options;
  await page.evaluate(
    `(${GUEST})(${JSON.stringify({
      url: `${stage.url}/stage/${room}`,
      sounds: SOUNDS,
      headers: {
        "x-lianmai-node-token": stage.token,
        "x-lianmai-actor": encodeURIComponent(JSON.stringify(actor)),
      },
    })})`,
  );
}

/**
 * What runs in a page's audio thread. `mouth` beeps for a tenth of a second each second, `ear` hears silence end; both
 * tell when, by the system's clock, which all pages share.
 */
const SOUNDS = `
registerProcessor("mouth", class extends AudioWorkletProcessor {
  process(inputs, [[samples]]) {
    const at = currentFrame % 48000;
    if (at === 0) this.port.postMessage(Date.now());
    for (let i = 0; i < samples.length; i++) {
      samples[i] = at + i < 4800 ? Math.sin(((at + i) * 2 * Math.PI) / 48) / 2 : 0;
    }
    return true;
  }
});
registerProcessor("ear", class extends AudioWorkletProcessor {
  quiet = 0;
  process([[samples]]) {
    for (const sample of samples ?? []) {
      const loud = Math.abs(sample) > 0.1;
      if (loud && this.quiet > 14400) this.port.postMessage(Date.now());
      this.quiet = loud ? 0 : this.quiet + 1;
    }
    return true;
  }
});`;

/** The peer's part as a text: it runs in the page. */
const GUEST = `async ({ url, headers, sounds }) => {
  const guest = (window.guest = { replies: [], tracks: [], stage: null, results: new Map(), commandId: 0, videos: new Map() });
  const response = await fetch(url + "/events", { headers });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const request = (body) => fetch(url + "/requests/" + guest.connectionId, { method: "POST", headers, body: JSON.stringify(body) });
  const handle = async (reply) => {
    guest.replies.push(reply);
    if (reply.kind === "welcome") Object.assign(guest, { connectionId: reply.connectionId, stage: reply.stage });
    if (reply.kind === "stage") guest.stage = reply.stage;
    if (reply.kind === "ping" && !guest.silent) await request({ kind: "pong" });
    if (reply.kind === "result") guest.results.get(reply.commandId)?.(reply.code);
    if (reply.kind === "joined") await guest.peer.setRemoteDescription({ type: "answer", sdp: reply.sdp });
    if (reply.kind === "offer") {
      guest.tracks = reply.tracks;
      await guest.peer.setRemoteDescription({ type: "offer", sdp: reply.sdp });
      await guest.peer.setLocalDescription();
      await request({ kind: "answer", offerId: reply.offerId, sdp: guest.peer.localDescription.sdp });
    }
  };
  guest.command = (command, kind = "command") => new Promise((resolve) => {
    const commandId = (guest.commandId += 1);
    guest.results.set(commandId, resolve);
    request(kind === "command" ? { kind, commandId, command } : { kind, commandId, ...command });
  });
  guest.request = request;
  const camera = () => navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
  const worklet = async (name) => {
    const context = new AudioContext({ sampleRate: 48000 });
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([sounds], { type: "text/javascript" })));
    return new AudioWorkletNode(context, name);
  };
  /** Silence with beeps; guest.saidMs has when each began. */
  const beeps = async () => {
    const mouth = (guest.mouth = await worklet("mouth"));
    guest.saidMs = [];
    mouth.port.onmessage = ({ data }) => guest.saidMs.push(data);
    const out = mouth.context.createMediaStreamDestination();
    mouth.connect(out);
    return out.stream.getAudioTracks();
  };
  const hum = () => {
    const sound = new AudioContext();
    const tone = sound.createOscillator();
    const out = sound.createMediaStreamDestination();
    tone.connect(out);
    tone.start();
    return out.stream.getAudioTracks();
  };
  /** A picture that says when it was drawn: the low 16 bits of the time in ms, black for 0 and white for 1. */
  const clock = (busy, sound) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
    const pen = canvas.getContext("2d");
    let ticks = 0;
    setInterval(() => {
      const time = Math.round(performance.timeOrigin + performance.now());
      for (let bit = 0; bit < 16; bit++) {
        pen.fillStyle = (time >> bit) & 1 ? "white" : "black";
        pen.fillRect(bit * 40, 0, 40, 360);
      }
      ticks += 1;
      // Small blocks of any colour below the bars: what no encoder makes little of.
      for (let block = 0; busy && ticks % 4 === 0 && block < 300; block++) {
        pen.fillStyle = "hsl(" + Math.random() * 360 + " 80% 50%)";
        pen.fillRect(Math.random() * 624, 200 + Math.random() * 144, 16, 16);
      }
    }, 8);
    return new MediaStream([...sound, ...canvas.captureStream(30).getTracks()]);
  };
  guest.join = async (options = {}) => {
    guest.peer?.close();
    guest.videos.clear();
    const peer = (guest.peer = new RTCPeerConnection());
    const sound = async () => (options.beeps ? await beeps() : hum());
    const media = (guest.media ??= options.clock ? clock(options.busy, await sound()) : await camera());
    const send = (track, init) => peer.addTransceiver(track, { direction: "sendonly", streams: [media], ...init });
    send(media.getAudioTracks()[0]);
    send(media.getVideoTracks()[0], options.layers && { sendEncodings: options.layers });
    peer.addTransceiver("video", { direction: "sendonly" });
    peer.addTransceiver("audio", { direction: "sendonly" });
    peer.ontrack = ({ transceiver, track }) => {
      const element = document.createElement(track.kind);
      Object.assign(element, { muted: track.kind === "video", autoplay: true, srcObject: new MediaStream([track]) });
      document.body.append(element);
      if (track.kind === "video") element.requestVideoFrameCallback(() => guest.onPicture?.(element));
      guest.videos.set(transceiver.mid, element);
    };
    await peer.setLocalDescription();
    await request({ kind: "join", sdp: peer.localDescription.sdp });
  };
  /** Milliseconds from the wish to join to the first picture of somebody else. */
  guest.joinTimed = async () => {
    guest.media ??= await camera();
    const seen = new Promise((resolve, reject) => {
      guest.onPicture = resolve;
      setTimeout(() => reject(new Error("no picture")), 20_000);
    });
    const startedMs = performance.now();
    await guest.join();
    guest.watched = await seen;
    return performance.now() - startedMs;
  };
  /** Ages of the clock pictures seen within a time, in ms. */
  guest.watchClock = (forMs) => new Promise((resolve) => {
    const pen = Object.assign(document.createElement("canvas"), { width: 640, height: 360 }).getContext("2d", { willReadFrequently: true });
    const ages = [];
    const endMs = performance.now() + forMs;
    const look = () => {
      const now = Math.round(performance.timeOrigin + performance.now()) & 0xffff;
      pen.drawImage(guest.watched, 0, 0, 640, 360);
      const row = pen.getImageData(0, 180, 640, 1).data;
      let time = 0;
      for (let bit = 0; bit < 16; bit++) if (row[(bit * 40 + 20) * 4] > 127) time |= 1 << bit;
      ages.push((now - time) & 0xffff);
      if (performance.now() < endMs) guest.watched.requestVideoFrameCallback(look);
      else resolve(ages.filter((age) => age < 5_000));
    };
    guest.watched.requestVideoFrameCallback(look);
  });
  /** When the sound of the others was heard to begin, within a time, in ms of the system's clock. */
  guest.listen = async (forMs) => {
    const heardMs = [];
    const ear = await worklet("ear");
    ear.port.onmessage = ({ data }) => heardMs.push(data);
    for (const { tagName, srcObject } of guest.videos.values())
      if (tagName === "AUDIO") ear.context.createMediaStreamSource(srcObject).connect(ear);
    // What leads nowhere is not run.
    ear.connect(ear.context.destination);
    await new Promise((resolve) => setTimeout(resolve, forMs));
    await ear.context.close();
    return heardMs;
  };
  /** Pictures decoded and sound energy heard of each participant. */
  guest.received = async () => {
    const found = {};
    for (const stat of (await guest.peer.getStats()).values()) {
      if (stat.type !== "inbound-rtp") continue;
      const track = guest.tracks.find(({ mid }) => mid === stat.mid);
      if (!track) continue;
      const of = (found[track.participantId] ??= { pictures: 0, energy: 0, packets: 0 });
      if (stat.kind === "video") of.pictures = stat.framesDecoded;
      else Object.assign(of, { energy: stat.totalAudioEnergy, packets: stat.packetsReceived });
    }
    return found;
  };
  (async () => {
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read().catch(() => ({ done: true }));
      if (done) break;
      rest += value;
      const parts = rest.split("\\n\\n");
      rest = parts.pop();
      for (const part of parts) await handle(JSON.parse(part.slice(6)));
    }
    guest.over = true;
  })();
  while (!guest.connectionId) await new Promise((resolve) => setTimeout(resolve, 10));
}`;

/** Evaluates an expression on `guest` in the page. */
export const onGuest = <T>(page: Page, expression: string): Promise<T> =>
  page.evaluate(`(async (guest) => ${expression})(window.guest)`) as Promise<T>;
