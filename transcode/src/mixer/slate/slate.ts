/**
 * What is seen while no source is on air: the last picture, blurred and dimmed, with "back soon" breathing over it;
 * before the first picture, a dark gradient.
 */
import { readFileSync } from "node:fs";
import type { ProgramFormat } from "../../contract.ts";
import { GRAY8, paddedPlanes, Scaler } from "../av/scaler.ts";
import { decodeGrayPng } from "../av/still-images.ts";
import { type Planes, YUV420P } from "../av/video-decoder.ts";
import { copyRows } from "../picture/program-pictures.ts";

/** The text is this high, as a share of the picture's height. */
const TEXT_HEIGHT = 0.26;
const TEXT_MAX_WIDTH = 0.7;
/** Luma of full text, limited range. */
const TEXT_LUMA = 225;
const BREATH_MS = 3_600;
/** The picture is reduced to about this width and enlarged again: a strong, cheap blur. */
const BLUR_WIDTH = 48;
const DIM = 0.28;
const COLOUR = 0.45;

interface Mask {
  readonly pixels: Buffer;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export class Slate {
  readonly #format: ProgramFormat;
  readonly #background: Buffer;
  readonly #mask: Mask;
  readonly #planes: Planes;

  constructor(format: ProgramFormat) {
    const { width, height } = format;
    this.#format = format;
    this.#background = Buffer.alloc((width * height * 3) / 2);
    this.#planes = planesOf(this.#background, format);
    this.#mask = loadMask(format);
    this.#drawGradient();
  }

  /** Makes the background of a program picture (planes without padding). */
  setBackground(picture: Planes): void {
    const { width, height } = this.#format;
    const smallWidth = even(BLUR_WIDTH);
    const smallHeight = even((BLUR_WIDTH * height) / width);
    const small = paddedPlanes(smallWidth, smallHeight);
    const large = paddedPlanes(width, height);
    const full = { width, height, pixelFormat: YUV420P };
    const reduced = { width: smallWidth, height: smallHeight, pixelFormat: YUV420P };
    const down = new Scaler({ from: full, to: reduced });
    const up = new Scaler({ from: reduced, to: full, smooth: true });
    down.scale(picture, small);
    dim(small);
    up.scale(small, large);
    down.close();
    up.close();
    for (let plane = 0; plane < 3; plane++) {
      const from = large.data[plane];
      const to = this.#planes.data[plane];
      const bytes = this.#planes.strides[plane] ?? 0;
      const rows = plane === 0 ? height : height / 2;
      if (!from || !to) continue;
      copyRows(
        { data: from, stride: large.strides[plane] ?? 0, offset: 0 },
        { data: to, stride: bytes, offset: 0 },
        { bytes, rows },
      );
    }
  }

  /** Draws the slate as it looks `atMs` into a picture without padding. */
  draw(into: Buffer, atMs: number): void {
    this.#background.copy(into);
    const { width } = this.#format;
    const { pixels, x, y, width: maskWidth, height: maskHeight } = this.#mask;
    const strength = textStrength(atMs);
    for (let row = 0; row < maskHeight; row++) {
      let target = (y + row) * width + x;
      let source = row * maskWidth;
      for (let column = 0; column < maskWidth; column++, target++, source++) {
        const alpha = ((pixels[source] as number) * strength) >> 8;
        if (alpha === 0) continue;
        const under = into[target] as number;
        into[target] = under + (((TEXT_LUMA - under) * alpha) >> 8);
      }
    }
    this.#whitenText(into, strength);
  }

  /** The picture's colours would shine through the text otherwise. */
  #whitenText(into: Buffer, strength: number): void {
    const { width, height } = this.#format;
    const { pixels, x, y, width: maskWidth, height: maskHeight } = this.#mask;
    const chroma = width / 2;
    for (let row = 0; row < maskHeight; row += 2) {
      let u = width * height + ((y + row) / 2) * chroma + x / 2;
      let v = u + (width * height) / 4;
      for (let column = row * maskWidth; column < (row + 1) * maskWidth; column += 2, u++, v++) {
        const alpha = ((pixels[column] as number) * strength) >> 8;
        if (alpha === 0) continue;
        into[u] = (into[u] as number) + (((128 - (into[u] as number)) * alpha) >> 8);
        into[v] = (into[v] as number) + (((128 - (into[v] as number)) * alpha) >> 8);
      }
    }
  }

  #drawGradient(): void {
    const { width, height } = this.#format;
    const [y, u, v] = this.#planes.data;
    if (!y || !u || !v) return;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        // Dithered: a slow dark gradient shows bands otherwise.
        const noise = ((row * 7 + column * 13) % 8) / 8;
        y[row * width + column] = Math.floor(24 + (26 * row) / height + (10 * column) / width + noise);
      }
    }
    u.fill(140);
    v.fill(122);
  }
}

/** 0..256, between two thirds and full, slowly. */
function textStrength(atMs: number): number {
  const phase = (1 - Math.cos((atMs / BREATH_MS) * 2 * Math.PI)) / 2;
  return Math.round(256 * (0.62 + 0.38 * phase));
}

function dim(planes: Planes): void {
  const [y, u, v] = planes.data;
  for (let i = 0; y && i < y.length; i++) y[i] = 16 + Math.max(0, (y[i] as number) - 16) * DIM;
  for (const chroma of [u, v]) {
    for (let i = 0; chroma && i < chroma.length; i++) chroma[i] = 128 + ((chroma[i] as number) - 128) * COLOUR;
  }
}

function loadMask(format: ProgramFormat): Mask {
  const art = decodeGrayPng(readFileSync(new URL("back-soon.png", import.meta.url)));
  const scale = Math.min((format.height * TEXT_HEIGHT) / art.height, (format.width * TEXT_MAX_WIDTH) / art.width);
  const width = even(art.width * scale);
  const height = even(art.height * scale);
  const stride = Math.ceil((width + 128) / 64) * 64;
  const scaled = Buffer.alloc(stride * height + 256);
  const scaler = new Scaler({
    from: { width: art.width, height: art.height, pixelFormat: GRAY8 },
    to: { width, height, pixelFormat: GRAY8 },
    smooth: true,
  });
  scaler.scale({ data: [art.pixels], strides: [art.width] }, { data: [scaled], strides: [stride] });
  scaler.close();
  const pixels = Buffer.alloc(width * height);
  copyRows(
    { data: scaled, stride, offset: 0 },
    { data: pixels, stride: width, offset: 0 },
    { bytes: width, rows: height },
  );
  return { pixels, width, height, x: even((format.width - width) / 2), y: even((format.height - height) / 2) };
}

function planesOf(bytes: Buffer, { width, height }: ProgramFormat): Planes {
  const luma = width * height;
  return {
    data: [bytes.subarray(0, luma), bytes.subarray(luma, (luma * 5) / 4), bytes.subarray((luma * 5) / 4)],
    strides: [width, width / 2, width / 2],
  };
}

const even = (value: number): number => Math.max(2, Math.round(value / 2) * 2);
