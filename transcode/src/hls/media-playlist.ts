/**
 * Writes media playlists (rfc8216bis, section 4.4). Pure: model in, text out. No encryption, byte ranges or
 * I-frame playlists.
 */

/** One EXT-X-PART. */
export interface PlaylistPart {
  readonly uri: string;
  readonly seconds: number;
  readonly independent: boolean;
  /** The part's media does not exist. */
  readonly gap: boolean;
}

export interface PlaylistSegment {
  /** Null while the segment is open: its parts end the playlist. */
  readonly uri: string | null;
  readonly seconds: number;
  readonly programDateTimeMs: number;
  readonly discontinuity: boolean;
  /** Initialization section to announce here; null when it is the one of the segment before. */
  readonly mapUri: string | null;
  /** All of the segment's media is missing. */
  readonly gap: boolean;
  /** Empty when no longer listed. */
  readonly parts: readonly PlaylistPart[];
}

export interface RenditionReport {
  readonly uri: string;
  readonly lastMsn: number;
  readonly lastPart: number;
}

/** One EXT-X-DATERANGE that lasts until the next of its class; `value` has no quotes and no line ends. */
export interface DateRange {
  /** The same in all renditions. */
  readonly id: string;
  readonly startMs: number;
  readonly rangeClass: string;
  readonly value: string;
}

export interface MediaPlaylist {
  readonly targetDurationSeconds: number;
  readonly partTargetSeconds: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  /** Segments left out of a delta update; 0 writes the full playlist. */
  readonly skippedSegments: number;
  /** Without the skipped ones. */
  readonly segments: readonly PlaylistSegment[];
  /** All that hold in the playlist's time, in delta updates too: CAN-SKIP-DATERANGES is not offered. */
  readonly dateRanges?: readonly DateRange[];
  /** URI of the part that comes next; null after the end. */
  readonly preloadHintUri: string | null;
  readonly reports: readonly RenditionReport[];
  readonly ended: boolean;
}

/** Spec: rfc8216bis 4.4.3.8. Skip Boundary, in target durations. */
export const SKIP_BOUNDARY_TARGET_DURATIONS = 6;
/** Spec: rfc8216bis 4.4.3.8. HOLD-BACK, in target durations. */
export const HOLD_BACK_TARGET_DURATIONS = 3;
/** Spec: rfc8216bis 4.4.3.8. PART-HOLD-BACK, in part target durations. */
export const PART_HOLD_BACK_PART_TARGETS = 3;
/** Spec: rfc8216bis section 8. EXT-X-SKIP needs 9; a delta update is a version of the same playlist. */
export const PLAYLIST_VERSION = 9;

const PRECISION = 1e5;
const decimal = (seconds: number): string => (Math.round(seconds * PRECISION) / PRECISION).toFixed(5);
/** Rounded up, so that no part is longer than what is announced. */
const decimalCeiling = (seconds: number): number => Math.ceil(seconds * PRECISION - 1e-6) / PRECISION;

/** The playlist's text, with a final line end. */
export function writeMediaPlaylist(playlist: MediaPlaylist): string {
  const lines = [
    "#EXTM3U",
    `#EXT-X-VERSION:${PLAYLIST_VERSION}`,
    `#EXT-X-TARGETDURATION:${playlist.targetDurationSeconds}`,
    serverControl(playlist),
    `#EXT-X-PART-INF:PART-TARGET=${decimalCeiling(playlist.partTargetSeconds).toFixed(5)}`,
    `#EXT-X-MEDIA-SEQUENCE:${playlist.mediaSequence}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${playlist.discontinuitySequence}`,
  ];
  if (playlist.skippedSegments > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${playlist.skippedSegments}`);
  for (const range of playlist.dateRanges ?? []) lines.push(dateRangeLine(range));
  for (const segment of playlist.segments) pushSegment(lines, segment);
  if (playlist.ended) {
    lines.push("#EXT-X-ENDLIST");
  } else {
    if (playlist.preloadHintUri) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${playlist.preloadHintUri}"`);
    for (const { uri, lastMsn, lastPart } of playlist.reports) {
      lines.push(`#EXT-X-RENDITION-REPORT:URI="${uri}",LAST-MSN=${lastMsn},LAST-PART=${lastPart}`);
    }
  }
  lines.push("");
  return lines.join("\n");
}

function serverControl(playlist: MediaPlaylist): string {
  const target = playlist.targetDurationSeconds;
  const partHoldBack = decimalCeiling(playlist.partTargetSeconds) * PART_HOLD_BACK_PART_TARGETS;
  return (
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES" +
    `,CAN-SKIP-UNTIL=${(target * SKIP_BOUNDARY_TARGET_DURATIONS).toFixed(1)}` +
    `,HOLD-BACK=${(target * HOLD_BACK_TARGET_DURATIONS).toFixed(1)}` +
    `,PART-HOLD-BACK=${partHoldBack.toFixed(5)}`
  );
}

function pushSegment(lines: string[], segment: PlaylistSegment): void {
  if (segment.discontinuity) lines.push("#EXT-X-DISCONTINUITY");
  if (segment.mapUri !== null) lines.push(`#EXT-X-MAP:URI="${segment.mapUri}"`);
  lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.programDateTimeMs).toISOString()}`);
  if (segment.gap && segment.uri !== null) lines.push("#EXT-X-GAP");
  for (const part of segment.parts) lines.push(partLine(part));
  if (segment.uri !== null) lines.push(`#EXTINF:${decimal(segment.seconds)},`, segment.uri);
}

/** Spec: rfc8216bis 4.4.5.1. END-ON-NEXT needs CLASS and forbids an end and a duration. */
function dateRangeLine({ id, startMs, rangeClass, value }: DateRange): string {
  const start = new Date(startMs).toISOString();
  return `#EXT-X-DATERANGE:ID="${id}",CLASS="${rangeClass}",START-DATE="${start}",END-ON-NEXT=YES,X-LAYOUT="${value}"`;
}

function partLine(part: PlaylistPart): string {
  const independent = part.independent ? ",INDEPENDENT=YES" : "";
  const gap = part.gap ? ",GAP=YES" : "";
  return `#EXT-X-PART:DURATION=${decimal(part.seconds)},URI="${part.uri}"${independent}${gap}`;
}
