/** Paints pieces: text of any script with the machine's fonts. The only importer of @napi-rs/canvas (Skia). */
import { createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import { evenUp, initialOf, type LabelPiece, type Piece, plainText, ringMargin } from "./piece.ts";

/** Straight-alpha RGBA, both sides even. */
export interface Painting {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/** Noto covers the scripts where it is installed (see the set-up); what is missing falls back to what there is. */
const FONTS = '"Noto Sans", "Noto Sans CJK SC", "Noto Sans SC", "Noto Color Emoji", sans-serif';
const ACCENT = "#3ddc97";
/** Drawn three times as large and reduced: the context smooths edges, text of small sizes less so. */
const FACE_COLOURS = ["#4f6df5", "#b44fe0", "#e0527a", "#e07a3c", "#2f9e7d", "#3a8fc4", "#8a63d2", "#c4553a"];

/** Paints one piece. */
export function paint(piece: Piece): Painting {
  switch (piece.kind) {
    case "label":
      return paintLabel(piece);
    case "face":
      return paintFace(piece);
    case "ring":
      return paintRing(piece.diameter);
  }
}

function paintLabel({ text, isMuted, height, maxWidth }: LabelPiece): Painting {
  const size = Math.round(height * 0.56);
  const padding = Math.round(height * 0.4);
  const icon = isMuted ? Math.round(height * 0.62) : 0;
  const font = `600 ${size}px ${FONTS}`;
  const measure = createCanvas(2, 2).getContext("2d");
  measure.font = font;
  const room = maxWidth - 2 * padding - icon;
  const shown = shorten(plainText(text), (part) => measure.measureText(part).width <= room);
  const width = Math.min(evenUp(maxWidth), evenUp(measure.measureText(shown).width + 2 * padding + icon));
  return draw({ width, height: evenUp(height) }, (context) => {
    context.fillStyle = "rgba(12, 14, 20, 0.62)";
    context.beginPath();
    context.roundRect(0, 0, width, height, height / 2);
    context.fill();
    if (isMuted) drawMuted(context, { x: padding * 0.7, height });
    context.font = font;
    context.fillStyle = "#ffffff";
    context.textBaseline = "middle";
    context.fillText(shown, padding + icon, height * 0.53);
  });
}

/** The longest beginning that fits, with an ellipsis when it is not the whole. */
function shorten(text: string, fits: (text: string) => boolean): string {
  if (fits(text)) return text;
  const segments = [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text)];
  const parts = segments.map(({ segment }) => segment);
  while (parts.length > 1 && !fits(`${parts.join("")}…`)) parts.pop();
  return `${parts.join("").trimEnd()}…`;
}

function drawMuted(context: SKRSContext2D, { x, height }: { readonly x: number; readonly height: number }): void {
  const unit = height / 24;
  context.save();
  context.translate(x, 0);
  context.scale(unit, unit);
  context.strokeStyle = "#ff6b6b";
  context.fillStyle = "#ff6b6b";
  context.lineWidth = 1.7;
  context.lineCap = "round";
  context.beginPath();
  context.roundRect(5.6, 5, 4.8, 8.4, 2.4);
  context.fill();
  context.beginPath();
  context.arc(8, 11, 5, 0, Math.PI);
  context.moveTo(8, 16);
  context.lineTo(8, 18.6);
  context.moveTo(2.6, 5.4);
  context.lineTo(13.4, 18.2);
  context.stroke();
  context.restore();
}

function paintFace({ name, seed, diameter }: Extract<Piece, { kind: "face" }>): Painting {
  const side = evenUp(diameter);
  return draw({ width: side, height: side }, (context) => {
    const colour = FACE_COLOURS[hash(seed) % FACE_COLOURS.length] ?? "#4f6df5";
    const shade = context.createLinearGradient(0, 0, side, side);
    shade.addColorStop(0, colour);
    shade.addColorStop(1, "#1c2030");
    context.fillStyle = shade;
    context.beginPath();
    context.arc(side / 2, side / 2, side / 2 - 1, 0, 2 * Math.PI);
    context.fill();
    context.font = `600 ${Math.round(side * 0.44)}px ${FONTS}`;
    context.fillStyle = "#ffffff";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(initialOf(name), side / 2, side * 0.53);
  });
}

function paintRing(diameter: number): Painting {
  const margin = ringMargin(diameter);
  const side = evenUp(diameter) + 2 * margin;
  return draw({ width: side, height: side }, (context) => {
    context.strokeStyle = ACCENT;
    context.lineWidth = margin * 0.55;
    context.beginPath();
    context.arc(side / 2, side / 2, side / 2 - margin * 0.45, 0, 2 * Math.PI);
    context.stroke();
  });
}

function draw(
  size: { readonly width: number; readonly height: number },
  by: (context: SKRSContext2D) => void,
): Painting {
  const canvas = createCanvas(size.width, size.height);
  const context = canvas.getContext("2d");
  by(context);
  return { ...size, rgba: new Uint8Array(context.getImageData(0, 0, size.width, size.height).data) };
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}
