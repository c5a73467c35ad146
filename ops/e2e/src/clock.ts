/** A clock in the picture that a program can read: the wall time in 4 ms units as 22 Gray-coded boxes. */

/** Bits drawn; the clock runs round after 2^22 x 4 ms = 4.66 hours. */
export const CLOCK_BITS = 22;
export const CLOCK_UNIT_MS = 4;
const RANGE_MS = 2 ** CLOCK_BITS * CLOCK_UNIT_MS;

/** ffmpeg filter that draws the clock across the top of any picture: bit 0 leftmost, white = 1. */
export function clockFilter(): string {
  const boxes = Array.from({ length: CLOCK_BITS }, (_, bit) => {
    const units = `floor(mod(time(0)*${1_000 / CLOCK_UNIT_MS},${2 ** CLOCK_BITS}))`;
    // Gray code of n, bit k: floor((n + 2^k) / 2^(k+1)) mod 2.
    const on = `mod(floor((${units}+${2 ** bit})/${2 ** (bit + 1)}),2)`;
    return `drawbox=x=iw*${bit}/${CLOCK_BITS}:y=0:w=iw/${CLOCK_BITS}:h=ih/12:color=white:t=fill:enable='${on}'`;
  });
  return ["drawbox=x=0:y=0:w=iw:h=ih/12:color=black:t=fill", ...boxes].join(",");
}

/** Milliseconds from the time shown by `bits` (Gray code) to `nowMs`; below half the clock's range. */
export function clockAgeMs(bits: readonly boolean[], nowMs: number): number {
  let units = 0;
  let previous = 0;
  for (let bit = bits.length - 1; bit >= 0; bit--) {
    previous ^= bits[bit] ? 1 : 0;
    units += previous * 2 ** bit;
  }
  const age = (((nowMs - units * CLOCK_UNIT_MS) % RANGE_MS) + RANGE_MS) % RANGE_MS;
  return age > RANGE_MS / 2 ? age - RANGE_MS : age;
}

/**
 * Source of a function for the page, called with a video and how often to look: samples the clock at every presented
 * frame, or every n-th, into `window.__clockSamples` as [wall time of presentation, media time, bits], and the wall
 * time of all of them into `window.__frameTimes`. Reading pixels costs as much as decoding them: a measurement looks
 * seldom.
 */
export const samplerSource = `(video, every = 1) => {
  const bits = ${CLOCK_BITS};
  const canvas = document.createElement("canvas");
  canvas.width = bits * 4;
  canvas.height = 4;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  window.__clockSamples = [];
  window.__frameTimes = [];
  let count = 0;
  const look = (_now, frame) => {
    window.__frameTimes.push(performance.timeOrigin + frame.expectedDisplayTime);
    video.requestVideoFrameCallback(look);
    if (count++ % every !== 0) return;
    const { videoWidth, videoHeight } = video;
    context.drawImage(video, 0, videoHeight / 48, videoWidth, videoHeight / 24, 0, 0, bits * 4, 4);
    const { data } = context.getImageData(0, 0, bits * 4, 4);
    const read = [];
    for (let bit = 0; bit < bits; bit++) read.push(data[(2 * bits * 4 + bit * 4 + 2) * 4] > 128);
    window.__clockSamples.push([performance.timeOrigin + frame.expectedDisplayTime, frame.mediaTime, read]);
    if (window.__clockSamples.length > 40000) window.__clockSamples.shift();
  };
  video.requestVideoFrameCallback(look);
}`;
