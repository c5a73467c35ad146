/** WebRTC 观看的中文文案。 */
import type { enRealtime } from "./en-realtime.ts";

export const zhRealtime = {
  "quality.realtime": "实时画面",
  "quality.realtimeShort": "实时",
  "quality.realtimeAside": "1 秒以内",
  "settings.webrtc": "允许观众实时观看（WebRTC）",
  "settings.webrtcHint": "适合小规模观众：人数有限，延迟约半秒。",
} as const satisfies Record<keyof typeof enRealtime, string>;
