/** From who is on stage and what the host chose to the layout document. Pure. */
import { audioRoom, grid, pictureInPicture, screenWithSpeakers, sideBySide, wholeArea } from "./arrange.ts";
import {
  LAYOUT_VERSION,
  type LayoutChoice,
  type LayoutDocument,
  type LayoutKind,
  type LayoutTile,
  MOST_PARTICIPANTS,
} from "./document.ts";
import type { Rect, Size } from "./geometry.ts";

/** One participant on air, as far as the layout is concerned. */
export interface LayoutParticipant {
  readonly id: string;
  readonly name: string;
  readonly hasCamera: boolean;
  readonly hasScreen: boolean;
  readonly isMuted: boolean;
}

export interface LayoutOptions {
  readonly choice: LayoutChoice;
  readonly room: string;
  readonly canvas: Size;
  /** Part of the canvas for this room's stage; the whole when absent. A PK gives each of two rooms a half. */
  readonly area?: Rect;
}

type Place = Pick<LayoutTile, "fit" | "shape" | "label">;
type Media = LayoutTile["media"];

const FRAMED: Place = { fit: "cover", shape: "rectangle", label: "inside" };
const WHOLE: Place = { fit: "contain", shape: "rectangle", label: "none" };
const ROUND: Place = { fit: "cover", shape: "circle", label: "below" };

/** The layout of the participants in their seats' order; those beyond the ninth are heard but not seen. */
export function planLayout(participants: readonly LayoutParticipant[], options: LayoutOptions): LayoutDocument {
  const { choice, room, canvas } = options;
  const area = options.area ?? { x: 0, y: 0, ...canvas };
  const seen = focusFirst(participants.slice(0, MOST_PARTICIPANTS), choice);
  const kind = decideKind(seen, choice);
  const tile = (participant: LayoutParticipant, media: Media, rect: Rect, place: Place): LayoutTile => ({
    ...{ room, participantId: participant.id, media },
    ...{ x: rect.x, y: rect.y, width: rect.width, height: rect.height },
    ...place,
    ...{ name: participant.name, isMuted: participant.isMuted },
  });
  return {
    version: LAYOUT_VERSION,
    kind,
    canvas: { width: canvas.width, height: canvas.height },
    tiles: arrange(kind, seen, { area, tile }),
  };
}

/** What `auto` means for these participants, and what a choice becomes when they do not fit it. */
export function decideKind(participants: readonly LayoutParticipant[], choice: LayoutChoice): LayoutKind {
  const hasScreen = participants.some((participant) => participant.hasScreen);
  const wanted = choice.kind === "auto" ? automatic(participants, hasScreen) : choice.kind;
  if (wanted === "screen" && !hasScreen) return automatic(participants, false);
  if (wanted === "audio-room" || wanted === "screen") return wanted;
  if (participants.length <= 1) return "solo";
  return wanted === "side-by-side" && participants.length > 2 ? "grid" : wanted;
}

function automatic(participants: readonly LayoutParticipant[], hasScreen: boolean): LayoutKind {
  if (hasScreen) return "screen";
  if (participants.length > 0 && participants.every((participant) => !participant.hasCamera)) return "audio-room";
  if (participants.length <= 1) return "solo";
  return participants.length === 2 ? "side-by-side" : "grid";
}

interface Drawing {
  readonly area: Rect;
  readonly tile: (participant: LayoutParticipant, media: Media, rect: Rect, place: Place) => LayoutTile;
}

function arrange(kind: LayoutKind, seen: readonly LayoutParticipant[], { area, tile }: Drawing): LayoutTile[] {
  const [first] = seen;
  if (!first) return [];
  const each = (rects: readonly Rect[], place: Place): LayoutTile[] =>
    rects.flatMap((rect, i) => {
      const participant = seen[i];
      return participant ? [tile(participant, face(participant), rect, place)] : [];
    });
  switch (kind) {
    case "solo":
      return [tile(first, face(first), wholeArea(area), WHOLE)];
    case "side-by-side":
      return each(sideBySide(area), FRAMED);
    case "grid":
      return each(grid(seen.length, area), FRAMED);
    case "picture-in-picture": {
      const [large, ...small] = each(pictureInPicture(seen.length, area), FRAMED);
      return large ? [{ ...large, ...WHOLE }, ...small] : small;
    }
    case "audio-room":
      return each(audioRoom(seen.length, area), ROUND).map((made) => ({ ...made, media: "avatar" }));
    case "screen": {
      const owner = seen.find((participant) => participant.hasScreen) ?? first;
      const [screen, ...strip] = screenWithSpeakers(seen.length, area);
      return screen ? [tile(owner, "screen", screen, WHOLE), ...each(strip, FRAMED)] : [];
    }
  }
}

const face = (participant: LayoutParticipant): Media => (participant.hasCamera ? "camera" : "avatar");

/** The focused participant goes first, the others keep their order. */
function focusFirst(participants: readonly LayoutParticipant[], { focus }: LayoutChoice): readonly LayoutParticipant[] {
  const focused = participants.find((participant) => participant.id === focus);
  return focused ? [focused, ...participants.filter((participant) => participant !== focused)] : participants;
}
