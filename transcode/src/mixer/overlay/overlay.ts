/** Painted pieces that go over the program picture: names, faces, rings. Kept as yuv420p with an alpha plane. */
import type { Planes } from "../av/video-decoder.ts";

export interface Overlay {
  /** Even. */
  readonly width: number;
  readonly height: number;
  readonly y: Uint8Array;
  readonly u: Uint8Array;
  readonly v: Uint8Array;
  readonly alpha: Uint8Array;
  /** Of each chroma sample. */
  readonly chromaAlpha: Uint8Array;
}

/** From straight-alpha RGBA rows without padding; both sides even. BT.601, limited range, as the program is. */
export function overlayFromRgba(rgba: Uint8Array, size: { readonly width: number; readonly height: number }): Overlay {
  const { width, height } = size;
  const pixels = width * height;
  const made = {
    ...{ width, height, y: new Uint8Array(pixels), alpha: new Uint8Array(pixels) },
    ...{ u: new Uint8Array(pixels / 4), v: new Uint8Array(pixels / 4), chromaAlpha: new Uint8Array(pixels / 4) },
  };
  for (let i = 0; i < pixels; i++) {
    const [r, g, b, a] = pixelAt(rgba, i);
    made.y[i] = 16 + 0.257 * r + 0.504 * g + 0.098 * b + 0.5;
    made.alpha[i] = a;
  }
  for (let row = 0; row < height; row += 2) {
    for (let column = 0; column < width; column += 2) averageChroma(rgba, made, { row, column });
  }
  return made;
}

function averageChroma(
  rgba: Uint8Array,
  made: Overlay,
  { row, column }: { readonly row: number; readonly column: number },
): void {
  const sum = { r: 0, g: 0, b: 0, a: 0 };
  for (const [down, across] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const) {
    const [r, g, b, a] = pixelAt(rgba, (row + down) * made.width + column + across);
    // Colours count as much as they are seen.
    sum.r += r * a;
    sum.g += g * a;
    sum.b += b * a;
    sum.a += a;
  }
  const at = ((row / 2) * made.width) / 2 + column / 2;
  const weight = Math.max(1, sum.a);
  made.u[at] = 128 + (-0.148 * sum.r - 0.291 * sum.g + 0.439 * sum.b) / weight + 0.5;
  made.v[at] = 128 + (0.439 * sum.r - 0.368 * sum.g - 0.071 * sum.b) / weight + 0.5;
  made.chromaAlpha[at] = sum.a / 4;
}

function pixelAt(rgba: Uint8Array, index: number): readonly [number, number, number, number] {
  const at = index * 4;
  return [rgba[at] ?? 0, rgba[at + 1] ?? 0, rgba[at + 2] ?? 0, rgba[at + 3] ?? 0];
}

/** Draws an overlay with its corner at x, y (even, may lie outside); `opacity` 0 to 1. */
export function blendOverlay(
  overlay: Overlay,
  target: Planes & { readonly height: number },
  options: { readonly x: number; readonly y: number; readonly opacity: number },
): void {
  const { width, height } = overlay;
  const strength = Math.round(Math.max(0, Math.min(1, options.opacity)) * 256);
  if (strength === 0) return;
  const planes = [
    { from: overlay.y, alpha: overlay.alpha, shift: 1 },
    { from: overlay.u, alpha: overlay.chromaAlpha, shift: 2 },
    { from: overlay.v, alpha: overlay.chromaAlpha, shift: 2 },
  ];
  for (const [plane, { from, alpha, shift }] of planes.entries()) {
    const to = target.data[plane];
    const stride = target.strides[plane] ?? 0;
    if (!to) continue;
    const [left, top] = [options.x / shift, options.y / shift];
    const area = {
      ...{ left, top, stride, columns: width / shift },
      firstRow: Math.max(0, -top),
      endRow: Math.min(height / shift, target.height / shift - top),
      firstColumn: Math.max(0, -left),
      endColumn: Math.min(width / shift, stride - left),
    };
    blendPlane(from, alpha, to, { ...area, strength });
  }
}

interface BlendArea {
  readonly left: number;
  readonly top: number;
  readonly stride: number;
  readonly columns: number;
  readonly firstRow: number;
  readonly endRow: number;
  readonly firstColumn: number;
  readonly endColumn: number;
  readonly strength: number;
}

function blendPlane(from: Uint8Array, alpha: Uint8Array, to: Buffer, area: BlendArea): void {
  const { left, top, stride, columns, strength } = area;
  for (let row = area.firstRow; row < area.endRow; row++) {
    let source = row * columns + area.firstColumn;
    let target = (top + row) * stride + left + area.firstColumn;
    for (let column = area.firstColumn; column < area.endColumn; column++, source++, target++) {
      const weight = ((alpha[source] as number) * strength) >> 8;
      if (weight === 0) continue;
      const under = to[target] as number;
      to[target] = under + (((from[source] as number) - under) * weight + 127) / 255;
    }
  }
}
