/** Texts of watching by WebRTC, in English. */
export const enRealtime = {
  "quality.realtime": "Real time",
  "quality.realtimeShort": "Real time",
  "quality.realtimeAside": "under 1 s",
  "settings.webrtc": "Let viewers watch in real time (WebRTC)",
  "settings.webrtcHint": "For small audiences: a limited number of viewers see you half a second after it happens.",
} as const;
