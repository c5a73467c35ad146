/** What a page makes of the sound and picture it receives; runs in the page, beside `window.guest`. */

/** What the page has noted since the last question. */
export interface Received {
  /** Stretches of 10 ms and more without sound, milliseconds, the last as far as it has come; the tone never stops. */
  readonly silencesMs: readonly number[];
  /** Sound there was, milliseconds: next to none says that nothing was listened to. */
  readonly heardMs: number;
  /** Between a picture shown and the next, milliseconds. */
  readonly picturesMs: readonly number[];
  /** Heights of the pictures shown, in the order in which they changed, and when they did, milliseconds from the last question. */
  readonly heights: readonly { readonly height: number; readonly atMs: number }[];
  /** Packets of sound that never came, and of pictures that were asked for again. */
  readonly lost: number;
}

/** Quieter than this is silence; the tone is at 1, and Opus lets no more than a little of it go. */
const SILENCE = 0.01;

/** Begins to watch everybody else's first sound and picture. Evaluate once the tracks are there. */
export const WATCH_RECEIVED = `async () => {
  const context = new AudioContext();
  const elements = [...document.querySelectorAll("audio, video")];
  const sound = elements.find((element) => element.localName === "audio");
  const video = elements.find((element) => element.localName === "video" && element.videoWidth > 0);
  const noted = (window.noted = { silencesMs: [], heardMs: 0, picturesMs: [], heights: [], sinceMs: performance.now() });
  // A worklet wants a secure page, and this one is at a plain address.
  const node = context.createScriptProcessor(1024, 1, 1);
  let quiet = 0;
  const quietMs = () => (quiet / context.sampleRate) * 1000;
  node.onaudioprocess = ({ inputBuffer }) => {
    for (const sample of inputBuffer.getChannelData(0)) {
      if (Math.abs(sample) < ${SILENCE}) quiet += 1;
      else {
        if (quietMs() > 10) noted.silencesMs.push(quietMs());
        noted.heardMs += 1000 / context.sampleRate;
        quiet = 0;
      }
    }
  };
  context.createMediaStreamSource(sound.srcObject).connect(node).connect(context.destination);
  let last = performance.now();
  const shown = (now) => {
    noted.picturesMs.push(now - last);
    last = now;
    const height = video.videoHeight;
    if (noted.heights.at(-1)?.height !== height) noted.heights.push({ height, atMs: now - noted.sinceMs });
    video.requestVideoFrameCallback(shown);
  };
  video.requestVideoFrameCallback(shown);
  let lostBefore = 0;
  window.takeNoted = async () => {
    let lostEver = 0;
    for (const stat of (await window.guest.peer.getStats()).values()) {
      if (stat.type !== "inbound-rtp") continue;
      lostEver += stat.kind === "audio" ? stat.packetsLost : (stat.retransmittedPacketsReceived ?? 0);
    }
    const taken = { lost: lostEver - lostBefore, silencesMs: [...noted.silencesMs, quietMs()], heardMs: noted.heardMs, picturesMs: [...noted.picturesMs, performance.now() - last], heights: noted.heights };
    lostBefore = lostEver;
    Object.assign(noted, { silencesMs: [], heardMs: 0, picturesMs: [], sinceMs: performance.now() });
    noted.heights = noted.heights.slice(-1).map(({ height }) => ({ height, atMs: 0 }));
    return taken;
  };
}`;
