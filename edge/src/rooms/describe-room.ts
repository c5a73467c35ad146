import { multivariantPath, type ProgramRecord, thumbnailPath } from "@lianmai/transcode/contract";
import type { Live, Room } from "../protocol/api.ts";
import type { StoredRoom } from "./rooms.ts";

/** A room as anybody may see it, with the program that is on air there. */
export function describeRoom(
  room: StoredRoom,
  options: { readonly program: ProgramRecord | undefined; readonly viewers: number },
): Room {
  const { program, viewers } = options;
  return {
    slug: room.slug,
    title: room.title,
    coverUrl: room.coverUrl,
    host: room.host,
    createdAtMs: room.createdAtMs,
    webrtc: room.webrtc,
    live: program ? describeProgram(program, viewers) : null,
  };
}

function describeProgram(program: ProgramRecord, viewers: number): Live | null {
  if (program.at === "ended") return null;
  const { fps } = program.format;
  return {
    at: program.at,
    programId: program.programId,
    startedAtMs: program.startedAtMs,
    playlistPath: multivariantPath(program.room),
    thumbnailPath: thumbnailPath(program.room),
    viewers,
    partTargetMs: Math.round((program.partFrames * 1_000) / Math.max(1, fps)),
    renditions: program.rungs
      .filter(({ name }) => !program.shed.includes(name))
      .map(({ name, width, height, fps: rungFps, videoBitsPerSecond, audioBitsPerSecond }) => ({
        name,
        width,
        height,
        fps: rungFps,
        bitsPerSecond: videoBitsPerSecond + audioBitsPerSecond,
      })),
    note: program.ladderNote,
  };
}
