/**
 * A WHIP client that shares nothing with the service or with browsers: ffmpeg encodes and packetises, werift
 * negotiates, encrypts and sends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { MediaStreamTrack, RTCPeerConnection, useH264, useOPUS } from "werift";

export interface WhipClient {
  /** The session's address, as the server gave it (RFC 9725 section 4.2). */
  readonly session: string;
  /** Ends the session with DELETE; the status answered. */
  end(): Promise<number>;
  /** Stops the encoder and the connection without a word. */
  close(): Promise<void>;
}

/** Publishes a moving picture and a tone. @throws {Error} when the offer is refused */
export async function startWhipClient(endpoint: string, token: string): Promise<WhipClient> {
  const peer = new RTCPeerConnection({
    codecs: { video: [useH264()], audio: [useOPUS()] },
    bundlePolicy: "max-bundle",
  });
  const tracks = { video: new MediaStreamTrack({ kind: "video" }), audio: new MediaStreamTrack({ kind: "audio" }) };
  for (const track of Object.values(tracks)) peer.addTransceiver(track, { direction: "sendonly" });
  await peer.setLocalDescription(await peer.createOffer());
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/sdp" },
    body: peer.localDescription?.sdp ?? "",
  });
  const text = await answer.text();
  if (answer.status !== 201) {
    await peer.close();
    throw new Error(`WHIP: ${answer.status} ${text}`);
  }
  await peer.setRemoteDescription({ type: "answer", sdp: text });
  await peer.connectionStateChange.watch((state) => state === "connected", 15_000);
  const [video, audio] = await Promise.all([receiveRtp(tracks.video), receiveRtp(tracks.audio)]);
  const encoder = encode({ video: video.address().port, audio: audio.address().port });
  const session = new URL(answer.headers.get("location") ?? "", endpoint).href;
  return {
    session,
    end: async () => (await fetch(session, { method: "DELETE", headers: { authorization: `Bearer ${token}` } })).status,
    async close() {
      const exited = once(encoder, "exit");
      encoder.kill("SIGKILL");
      await exited;
      video.close();
      audio.close();
      await peer.close();
    },
  };
}

/** A socket whose packets go out on the track. */
async function receiveRtp(track: MediaStreamTrack): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.on("message", (packet) => track.writeRtp(packet));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

function encode(ports: { readonly video: number; readonly audio: number }): ChildProcess {
  const to = (port: number): string => `rtp://127.0.0.1:${port}?pkt_size=1200`;
  return spawn(
    "ffmpeg",
    [
      ...["-hide_banner", "-loglevel", "error", "-nostats", "-re"],
      ...["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30"],
      ...["-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"],
      ...["-map", "0:v", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline"],
      ...["-pix_fmt", "yuv420p", "-g", "30", "-b:v", "800k", "-threads", "1", "-f", "rtp", to(ports.video)],
      ...["-map", "1:a", "-c:a", "libopus", "-ac", "2", "-b:a", "64k", "-f", "rtp", to(ports.audio)],
    ],
    { stdio: "ignore" },
  );
}
