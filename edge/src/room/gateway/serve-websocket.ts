/** The only importer of ws. */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { type ProblemCode, problemCatalogue, problemDocument, retryAfterSeconds } from "../../errors.ts";
import { CLOSE_CODES, type CloseCode } from "../../protocol/room/codes.ts";
import { MAX_CLIENT_FRAME_BYTES, SUBPROTOCOL } from "../../protocol/room/limits.ts";
import type { Connection } from "./connection.ts";
import type { Gateway } from "./gateway.ts";
import type { OutFrame } from "./out-frame.ts";
import type { Outlet } from "./outlet.ts";

const PATH = "/ws";
/** How long a client may take to answer a close; then its socket is dropped. */
const CLOSE_BUDGET_MS = 2_000;

/** Serves the room protocol at `/ws` of an HTTP server. Other upgrades are refused. */
export function serveWebSocket(
  server: Server,
  options: {
    readonly gateway: Gateway;
    readonly addressOf: (request: IncomingMessage) => string;
    /** Origin of the public address, "" when not configured. */
    readonly publicOrigin: string;
  },
): { stop(): void } {
  const { gateway, addressOf, publicOrigin } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    WebSocket: RoomSocket,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_CLIENT_FRAME_BYTES,
    // who pings without end and does not read would fill the memory with answers
    autoPong: false,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", dropSocket);
    if (request.url?.split("?", 1)[0] !== PATH) return refuse(socket, "not-found");
    if (!isAllowedOrigin(request, publicOrigin)) return refuse(socket, "cross-site");
    const waitMs = gateway.admit(addressOf(request));
    if (waitMs === undefined) return refuse(socket, "overloaded", 5_000);
    if (waitMs > 0) return refuse(socket, "too-many-requests", waitMs);
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      // the library listens by now
      socket.off("error", dropSocket);
      webSocket.connection = gateway.open(new WebSocketOutlet(webSocket, socket), "websocket");
      webSocket.on("message", onMessage).on("ping", onPing).on("pong", onPong);
      webSocket.on("error", ignore).on("close", onClose);
    });
  };
  function onClose(this: WebSocket): void {
    const connection = connectionOf(this);
    if (connection) gateway.ended(connection);
  }
  sockets.on("wsClientError", (error, socket) => {
    socket.on("error", dropSocket);
    refuse(socket, "bad-request", undefined, error.message);
  });
  server.on("upgrade", onUpgrade);
  return {
    stop() {
      server.off("upgrade", onUpgrade);
      sockets.close();
    },
  };
}

/** A client's WebSocket. It knows its connection, so that all sockets share their listeners: there are thousands. */
class RoomSocket extends WebSocket {
  connection: Connection | undefined;
}

const connectionOf = (socket: WebSocket): Connection | undefined =>
  socket instanceof RoomSocket ? socket.connection : undefined;

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  connectionOf(this)?.receive(isBinary ? "" : data.toString());
}

function onPing(this: WebSocket, data: Buffer): void {
  if (connectionOf(this)?.hear()) this.pong(data, false, ignore);
}

function onPong(this: WebSocket): void {
  connectionOf(this)?.hear();
}

function dropSocket(this: Duplex): void {
  this.destroy();
}

const ignore = (): void => undefined;

/** A connection's way out. One small object, as there are thousands. */
class WebSocketOutlet implements Outlet {
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;

  constructor(webSocket: WebSocket, socket: Duplex) {
    this.#webSocket = webSocket;
    this.#socket = socket;
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  /** The frame is whole and nothing is compressed: it may go past the library, made once for all sockets. */
  send(frame: OutFrame): void {
    const { readyState, OPEN } = this.#webSocket;
    if (this.#socket.writable && readyState === OPEN) this.#socket.write(frame.webSocket);
  }

  close(code: CloseCode): void {
    this.#webSocket.close(code, CLOSE_CODES[code].name);
    setTimeout(() => this.#webSocket.terminate(), CLOSE_BUDGET_MS).unref();
  }

  destroy(): void {
    this.#webSocket.terminate();
  }
}

/** A browser says where its page came from; other clients say nothing. */
function isAllowedOrigin({ headers }: IncomingMessage, publicOrigin: string): boolean {
  const { origin, host } = headers;
  if (origin === undefined || origin === publicOrigin) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

function refuse(socket: Duplex, code: ProblemCode, retryAfterMs?: number, detail?: string): void {
  const { status } = problemCatalogue[code];
  const body = JSON.stringify(
    problemDocument(code, { ...(retryAfterMs && { retryAfterMs }), ...(detail && { detail }) }),
  );
  const head = [
    `HTTP/1.1 ${status} Refused`,
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(retryAfterMs ? [`Retry-After: ${retryAfterSeconds(retryAfterMs)}`] : []),
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
