/** The wakes of the last hour, by the minute: enough for a rate and for percentiles, and as large however many there are. */
import type { Clock } from '../../domain/clock.ts';
import { bucketOf, quantile } from './metrics-tally.ts';
import { WAKE_BOUNDS_S, WAKE_SOURCES, type WakeSource } from './slo-day.ts';

const MINUTES = 60;
const MINUTE_MS = 60_000;
const BUCKETS = WAKE_BOUNDS_S.length + 1;
const MS_OF_SECOND = 1_000;

/** Of the last hour, from one place. Null where nobody waited for any. */
export type RecentWakes = {
  readonly from: WakeSource;
  readonly times: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
};

export type RecentHour = {
  /** Wakes in each minute, the oldest first; the last is not over. */
  readonly minutes: readonly number[];
  readonly wakes: readonly RecentWakes[];
};

type Slot = {
  minute: number;
  times: number;
  /** By source, then by bucket of the time that somebody waited. */
  readonly waited: Readonly<Record<WakeSource, Uint32Array>>;
};

const bySource = <T>(make: (source: WakeSource) => T): Record<WakeSource, T> =>
  Object.fromEntries(WAKE_SOURCES.map((source) => [source, make(source)])) as Record<WakeSource, T>;

export class RecentWatch {
  readonly #clock: Clock;
  readonly #slots: readonly Slot[] = Array.from({ length: MINUTES }, () => ({
    ...{ minute: -1, times: 0, waited: bySource(() => new Uint32Array(BUCKETS)) },
  }));

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A tenant has woken; `isWaited` says whether for somebody. */
  woke(from: WakeSource, seconds: number, isWaited: boolean): void {
    const minute = this.#minute();
    const slot = this.#slots[minute % MINUTES];
    if (slot === undefined) return;
    if (slot.minute !== minute) clear(slot, minute);
    slot.times += 1;
    if (!isWaited) return;
    const counts = slot.waited[from];
    const bucket = bucketOf(WAKE_BOUNDS_S, seconds);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }

  hour(): RecentHour {
    const now = this.#minute();
    const live = this.#slots.filter(({ minute }) => minute > now - MINUTES);
    const times = new Map(live.map((slot) => [slot.minute, slot.times]));
    return {
      minutes: Array.from({ length: MINUTES }, (_, at) => times.get(now - MINUTES + 1 + at) ?? 0),
      wakes: WAKE_SOURCES.map((from) => summed(from, live)),
    };
  }

  #minute(): number {
    return Math.floor(this.#clock.wall() / MINUTE_MS);
  }
}

function clear(slot: Slot, minute: number): void {
  slot.minute = minute;
  slot.times = 0;
  for (const source of WAKE_SOURCES) slot.waited[source].fill(0);
}

function summed(from: WakeSource, slots: readonly Slot[]): RecentWakes {
  const counts = Array.from({ length: BUCKETS }, (_, bucket) =>
    slots.reduce((sum, { waited }) => sum + (waited[from][bucket] ?? 0), 0),
  );
  const within = (share: number): number | null => {
    const found = quantile(WAKE_BOUNDS_S, counts, share);
    return found === null ? null : found * MS_OF_SECOND;
  };
  return {
    ...{ from, times: counts.reduce((sum, count) => sum + count, 0) },
    ...{ p50Ms: within(0.5), p95Ms: within(0.95), p99Ms: within(0.99) },
  };
}
