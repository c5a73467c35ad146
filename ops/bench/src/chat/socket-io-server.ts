/** A child of the `chat` benchmark: Socket.IO with the adapter and the recovery that its documentation tells to use. */
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { Redis } from "ioredis";
import { Server } from "socket.io";

const [port = "0", redisUrl = ""] = process.argv.slice(2);
const http = createServer();
const io = new Server(http, {
  adapter: createAdapter(new Redis(redisUrl)),
  connectionStateRecovery: { maxDisconnectionDuration: 120_000 },
  transports: ["websocket"],
  perMessageDeflate: false,
});
io.on("connection", (socket) => {
  void socket.join("bench");
  socket.on("say", (entry: Readonly<Record<string, unknown>>, done: () => void) => {
    io.to("bench").emit("entry", { ...entry, atMs: Date.now() });
    done();
  });
});
http.listen({ port: Number(port), host: "127.0.0.1", backlog: 4_096 }, () => process.send?.("ready"));
process.on("disconnect", () => process.exit(0));
