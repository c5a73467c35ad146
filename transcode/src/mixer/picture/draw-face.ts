/** What stands over a tile's picture: the participant's face, the speaker's ring, the name. */
import { evenDown } from "../../layout/geometry.ts";
import type { Planes } from "../av/video-decoder.ts";
import { blendOverlay } from "../overlay/overlay.ts";
import type { Overlays } from "../overlay/overlays.ts";
import { evenUp, ringMargin } from "../overlay/piece.ts";
import type { Rect, Tile, TileFace } from "./scene.ts";

/** Behind a face in a rectangular tile. */
const PANEL = [38, 134, 124] as const;
/** A face's diameter, as a share of a rectangular tile's short side. */
const FACE_SHARE = 0.42;
/** A name's height: a share of the picture's short side, less in small tiles. */
const LABEL_SHARE = 0.045;
const LABEL_TILE_SHARE = 0.16;
const LEAST_LABEL = 16;
/** A speaker's frame, as a share of the picture's short side, and its colour. */
const FRAME_SHARE = 0.006;
const ACCENT = [176, 118, 66] as const;

type Canvas = Planes & { readonly height: number };
type Faced = Omit<Tile, "face" | "opacity"> & { readonly face: TileFace; readonly opacity: number };

export function drawFace(tile: Faced, canvas: Canvas, overlays: Overlays): void {
  if (tile.face.isAvatar) drawAvatar(tile, canvas, overlays);
  if (tile.face.isSpeaking && tile.face.shape === "rectangle" && tile.opacity === 1) drawFrame(tile.rect, canvas);
  if (tile.face.label !== "none") drawLabel(tile, canvas, overlays);
}

function drawAvatar({ face, rect, key, sourceId, opacity }: Faced, canvas: Canvas, overlays: Overlays): void {
  if (face.shape === "rectangle" && opacity > 0.5) fillRect(rect, PANEL, canvas);
  const short = Math.min(face.size.width, face.size.height);
  const diameter = evenUp(face.shape === "circle" ? short : short * FACE_SHARE);
  const x = rect.x + evenDown(Math.max(0, rect.width - diameter) / 2);
  const y = rect.y + evenDown(Math.max(0, rect.height - diameter) / 2);
  const painted = overlays.get({ kind: "face", name: face.name, seed: key ?? sourceId, diameter });
  if (painted) blendOverlay(painted, canvas, { x, y, opacity });
  if (!face.isSpeaking || face.shape !== "circle") return;
  const ring = overlays.get({ kind: "ring", diameter });
  const margin = ringMargin(diameter);
  if (ring) blendOverlay(ring, canvas, { x: x - margin, y: y - margin, opacity });
}

function drawLabel({ face, rect, opacity }: Faced, canvas: Canvas, overlays: Overlays): void {
  if (!face.name && !face.isMuted) return;
  const short = Math.min(canvas.strides[0] ?? 0, canvas.height);
  const height = evenUp(Math.max(LEAST_LABEL, Math.min(short * LABEL_SHARE, face.size.height * LABEL_TILE_SHARE)));
  const margin = evenDown(height * 0.35);
  const below = face.label === "below";
  const maxWidth = evenDown(below ? face.size.width * 1.3 : face.size.width - 2 * margin);
  if (maxWidth < 2 * height) return;
  const label = overlays.get({ kind: "label", text: face.name, isMuted: face.isMuted, height, maxWidth });
  if (!label) return;
  const place = below
    ? { x: rect.x + evenDown(rect.width / 2) - evenDown(label.width / 2), y: rect.y + rect.height + margin }
    : { x: rect.x + margin, y: rect.y + rect.height - height - margin };
  blendOverlay(label, canvas, { x: evenSigned(place.x), y: evenSigned(place.y), opacity });
}

function drawFrame(rect: Rect, canvas: Canvas): void {
  const thick = evenUp(Math.max(2, Math.min(canvas.strides[0] ?? 0, canvas.height) * FRAME_SHARE));
  const { x, y, width, height } = rect;
  if (width <= 2 * thick || height <= 2 * thick) return;
  fillRect({ x, y, width, height: thick }, ACCENT, canvas);
  fillRect({ x, y: y + height - thick, width, height: thick }, ACCENT, canvas);
  fillRect({ x, y, width: thick, height }, ACCENT, canvas);
  fillRect({ x: x + width - thick, y, width: thick, height }, ACCENT, canvas);
}

function fillRect(rect: Rect, colour: readonly [number, number, number], canvas: Canvas): void {
  for (const [plane, value] of colour.entries()) {
    const shift = plane === 0 ? 1 : 2;
    const stride = canvas.strides[plane] ?? 0;
    for (let row = rect.y / shift; row < (rect.y + rect.height) / shift; row++) {
      const from = row * stride + rect.x / shift;
      canvas.data[plane]?.fill(value, from, from + rect.width / shift);
    }
  }
}

const evenSigned = (value: number): number => Math.floor(value / 2) * 2;
