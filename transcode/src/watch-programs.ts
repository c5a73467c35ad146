/** Publishes what the running programs do as Prometheus metrics. */
import type { Metrics } from "@lianmai/process";
import type { ProgramRegistry } from "./program/registry.ts";
import type { ProgramSession } from "./program/session.ts";

type Read = (session: ProgramSession) => number | undefined;

const GAUGES: readonly (readonly [name: string, help: string, read: Read])[] = [
  ["lianmai_program_live", "1 while a publisher is on air, 0 on the slate.", (s) => (s.record?.at === "live" ? 1 : 0)],
  ["lianmai_encoder_lag_milliseconds", "How far the slowest rung is behind the bus.", (s) => s.chain?.ladder.lagMs],
  ["lianmai_encoder_restarts", "Encoders started again in this program.", (s) => s.chain?.ladder.restarts],
  ["lianmai_encoder_dropped_pictures", "Pictures the encoder could not take.", (s) => s.chain?.ladder.droppedPictures],
  ["lianmai_mixer_restarts", "Mixers started again in this program.", (s) => s.mixer.restarts],
  ["lianmai_mixer_transit_milliseconds", "Source frame in to picture out.", (s) => s.mixer.stats?.transitMs],
  ["lianmai_mixer_playout_delay_milliseconds", "Playout delay of the source.", (s) => s.mixer.stats?.playoutDelayMs],
  [
    "lianmai_mixer_late_milliseconds",
    "How late a picture was made, the worst of a second.",
    (s) => s.mixer.stats?.tickLateMaxMs,
  ],
  ["lianmai_mixer_held_pictures", "Pictures repeated: nothing newer was due.", (s) => s.mixer.stats?.held],
  ["lianmai_mixer_audio_underruns", "Times the source's sound ran dry.", (s) => s.mixer.stats?.audioUnderruns],
  ["lianmai_mixer_decode_errors", "Packets that could not be decoded.", (s) => s.mixer.stats?.decodeErrors],
  ["lianmai_pacer_filled_pictures", "Pictures the pacer made up.", (s) => s.chain?.pacer.counts.filledPictures],
  ["lianmai_pacer_filled_sounds", "Sound blocks the pacer made up.", (s) => s.chain?.pacer.counts.filledSounds],
  ["lianmai_pacer_late_records", "Mixer records that came too late.", (s) => s.chain?.pacer.counts.late],
  ["lianmai_rungs_shed", "Rungs given up under overload.", (s) => s.record?.shed.length],
];

/** Registers one gauge per fact, labelled by room, read when scraped. */
export function watchPrograms(metrics: Metrics, registry: () => ProgramRegistry | null): void {
  metrics.gauge("lianmai_programs", "Programs that have not ended.", [], (gauge) => {
    gauge.set(registry()?.sessions.size ?? 0);
  });
  for (const [name, help, read] of GAUGES) {
    metrics.gauge(name, help, ["room"], (gauge) => {
      gauge.reset();
      for (const [room, session] of registry()?.sessions ?? []) {
        const value = read(session);
        if (value !== undefined) gauge.set({ room }, value);
      }
    });
  }
}
