import { createSizedCache } from "../bounded-cache.ts";
import type { Answer } from "./answer.ts";

/** What a waiter of a fetch is, to the coalescing: an object that may go away. */
export interface Flight<Waiter extends object> {
  readonly waiters: Set<Waiter>;
  /** Says that a waiter is gone. */
  leave(waiter: Waiter): void;
}

/** Counts of what happened, for metrics and tests. */
export interface CoalesceCounts {
  hits: number;
  coalesced: number;
  upstream: number;
}

/**
 * The coalescing cache: at most one upstream fetch per key, its answer written to all who wait, kept while fresh.
 * Bound: `maxBytes` of answers (least recently used goes first) and `maxFlights` fetches (more are refused).
 */
export interface CoalescingCache<Waiter extends object> {
  readonly counts: CoalesceCounts;
  /** A stored, fresh answer. */
  stored(key: string, nowMs: number): Answer | undefined;
  /** Waits for the key's answer, fetching it unless somebody already does; undefined at the bound. */
  wait(key: string, waiter: Waiter, options: FlightOptions): Flight<Waiter> | undefined;
  /** Waiters of all fetches. */
  parked(): number;
  readonly flights: number;
  readonly storedBytes: number;
  /** Answers everybody at once and gives all fetches up. */
  stop(answer: Answer): void;
}

/** How a fetch is made. */
export interface FlightOptions {
  /** Never rejects: failures are answers too. Undefined when given up. */
  readonly fetch: (signal: AbortSignal) => Promise<Answer | undefined>;
  /** Whether the fetch ends when its last waiter has gone. */
  readonly abandon: boolean;
}

/** What an entry costs beyond its body: key, headers, bookkeeping. */
const ENTRY_OVERHEAD_BYTES = 1_024;

/** Makes the cache; `deliver` writes an answer to all waiters of a key at once. */
export function createCoalescingCache<Waiter extends object>(options: {
  readonly maxBytes: number;
  readonly maxFlights: number;
  readonly deliver: (waiters: ReadonlySet<Waiter>, answer: Answer) => void;
}): CoalescingCache<Waiter> {
  const { maxBytes, maxFlights, deliver } = options;
  const answers = createSizedCache<Answer>({
    maxBytes,
    sizeBytes: ({ body }) => body.length + ENTRY_OVERHEAD_BYTES,
  });
  const flights = new Map<string, Flight<Waiter> & { readonly controller: AbortController }>();
  const counts: CoalesceCounts = { hits: 0, coalesced: 0, upstream: 0 };

  const depart = (key: string, { fetch, abandon }: FlightOptions) => {
    const waiters = new Set<Waiter>();
    const controller = new AbortController();
    const flight = {
      waiters,
      controller,
      leave(waiter: Waiter) {
        waiters.delete(waiter);
        if (!abandon || waiters.size > 0 || flights.get(key) !== flight) return;
        flights.delete(key);
        controller.abort();
      },
    };
    flights.set(key, flight);
    counts.upstream += 1;
    void fetch(controller.signal).then((answer) => {
      if (flights.get(key) === flight) flights.delete(key);
      if (!answer) return;
      if (answer.freshUntilMs > answer.arrivedMs) answers.set(key, answer);
      deliver(waiters, answer);
      waiters.clear();
    });
    return flight;
  };

  return {
    counts,
    stored(key, nowMs) {
      const answer = answers.get(key);
      if (!answer) return undefined;
      if (answer.freshUntilMs > nowMs) {
        counts.hits += 1;
        return answer;
      }
      answers.delete(key);
      return undefined;
    },
    wait(key, waiter, flightOptions) {
      let flight = flights.get(key);
      if (flight) counts.coalesced += 1;
      else if (flights.size >= maxFlights) return undefined;
      else flight = depart(key, flightOptions);
      flight.waiters.add(waiter);
      return flight;
    },
    parked: () => [...flights.values()].reduce((sum, { waiters }) => sum + waiters.size, 0),
    get flights() {
      return flights.size;
    },
    get storedBytes() {
      return answers.sizeBytes;
    },
    stop(answer) {
      for (const [key, { waiters, controller }] of flights) {
        flights.delete(key);
        deliver(waiters, answer);
        waiters.clear();
        controller.abort();
      }
    },
  };
}
