import type { CloseCode } from "../../protocol/room/codes.ts";
import type { OutFrame } from "./out-frame.ts";

/** Where a connection's frames go: a WebSocket or a stream of events. */
export interface Outlet {
  /** Bytes given and not yet taken by the network. */
  readonly buffered: number;
  send(frame: OutFrame): void;
  /** Says why and closes; nothing can be sent afterwards. */
  close(code: CloseCode): void;
  /** Drops the connection without a word. */
  destroy(): void;
}
