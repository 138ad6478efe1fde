/**
 * The hazard reference: warm as long as the chance that the tenant returns in the next second is at
 * least one in `worth`, the idle seconds that a cold start is worth. Learned per tenant from counts in
 * bins of idle age, which begin as those of the fleet; an hour-of-day factor for long idle times, and a
 * band around the usual idle time of tenants that are nearly periodic.
 */
import type { MakeResidence, Residence } from './replay.ts';
import type { Trace } from './trace.ts';

const HOUR = 3_600;
const DAY = 86_400;

/** Upper ends of the bins of idle age, in seconds; one more bin is above them. */
const EDGES = Float64Array.from(edges());

function* edges(): Generator<number> {
  for (let edge = 1; edge <= 400 * DAY; edge *= 1.25) yield edge;
}

const BINS = EDGES.length + 1;

/** The weight of the fleet against what is known of a tenant, in returns. */
const FLEET_WEIGHT = 1;
/** Returns that the even spread over the hours of the day weighs as much as. */
const HOURS_WEIGHT = 30;
/** Only idle times above this follow the hours of the day. */
const HOURLY_FROM = 1_800;
const FLOOR = 60;
const RECENT_MAX = 20;
const RECENT_MIN = 4;
/** The part of the recent idle times that a band holds, and how wide it may be. */
const BAND_PART = 0.8;
const BAND_WIDTH_MAX = 0.25;
const BAND_SLACK = 60;

function binOf(gap: number): number {
  let low = 0;
  let high = EDGES.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (gap <= (EDGES[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Adds the time that an idle time of `gap` spent in each bin. */
function expose(exposure: Float64Array, gap: number): void {
  let from = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const edge = EDGES[bin] ?? Number.POSITIVE_INFINITY;
    exposure[bin] = (exposure[bin] ?? 0) + Math.min(gap, edge) - from;
    if (gap <= edge) return;
    from = edge;
  }
}

/** Returns per second of the whole fleet, by bin of idle age; learned from the warm-up alone. */
export function fleetHazard({ tenants, warmup }: Trace): Float64Array {
  const returns = new Float64Array(BINS).fill(0.1);
  const exposure = new Float64Array(BINS).fill(3 * DAY);
  for (const { starts, ends } of tenants) {
    for (let i = 0; i < starts.length && (ends[i] ?? 0) < warmup; i++) {
      const next = starts[i + 1] ?? Number.POSITIVE_INFINITY;
      const gap = Math.min(next, warmup) - (ends[i] ?? 0);
      expose(exposure, gap);
      if (next < warmup) returns[binOf(gap)] = (returns[binOf(gap)] ?? 0) + 1;
    }
  }
  return returns.map((count, bin) => count / (exposure[bin] ?? 1));
}

export type HazardOptions = {
  readonly fleet: Float64Array;
  /** Idle seconds that one cold start is worth. */
  readonly worth: number;
  /** Whether hours of the day are learned; not from a trace of a day. */
  readonly hourly: boolean;
};

export const hazardReference =
  (options: HazardOptions): MakeResidence =>
  () =>
    new HazardResidence(options);

type Band = { readonly low: number; readonly high: number };

class HazardResidence implements Residence {
  readonly #options: HazardOptions;
  readonly #returns = new Float64Array(BINS);
  readonly #exposure = new Float64Array(BINS);
  readonly #hours = new Float64Array(24);
  readonly #recent: number[] = [];
  #longReturns = 0;
  #band: Band | null = null;

  constructor(options: HazardOptions) {
    this.#options = options;
  }

  returned(gap: number, at: number): void {
    const bin = binOf(gap);
    this.#returns[bin] = (this.#returns[bin] ?? 0) + 1;
    expose(this.#exposure, gap);
    if (gap > HOURLY_FROM) {
      const hour = Math.floor(at / HOUR) % 24;
      this.#hours[hour] = (this.#hours[hour] ?? 0) + 1;
      this.#longReturns += 1;
    }
    this.#recent.push(gap);
    if (this.#recent.length > RECENT_MAX) this.#recent.shift();
    this.#band = bandOf(this.#recent, this.#options.worth);
  }

  *spans(since: number): Generator<readonly [number, number]> {
    if (this.#band !== null) {
      yield [since, since + FLOOR];
      yield [since + this.#band.low, since + this.#band.high];
      return;
    }
    let from = since;
    for (const { until, isWarm } of this.#pieces(since)) {
      yield isWarm ? [from, until] : [until, until];
      from = until;
    }
  }

  /** Whether it is warm, piece by piece of an idle time, which lasts no longer than the last edge. */
  *#pieces(since: number): Generator<{ readonly until: number; readonly isWarm: boolean }> {
    const { worth, hourly, fleet } = this.#options;
    const least = 1 / worth;
    let age = 0;
    for (let bin = 0; bin < EDGES.length; bin++) {
      const edge = EDGES[bin] ?? 0;
      const base =
        ((this.#returns[bin] ?? 0) + FLEET_WEIGHT) /
        ((this.#exposure[bin] ?? 0) + FLEET_WEIGHT / (fleet[bin] ?? 1));
      if (!hourly || edge < HOURLY_FROM) {
        yield { until: since + edge, isWarm: base >= least || edge <= FLOOR };
      } else {
        for (let at = since + age; at < since + edge; ) {
          const hour = Math.floor(at / HOUR);
          const until = Math.min(since + edge, (hour + 1) * HOUR);
          yield { until, isWarm: base * this.#hourFactor(hour % 24) >= least };
          at = until;
        }
      }
      age = edge;
    }
  }

  #hourFactor(hour: number): number {
    const count = (this.#hours[hour] ?? 0) + HOURS_WEIGHT / 24;
    return (count / (this.#longReturns + HOURS_WEIGHT)) * 24;
  }
}

/** The narrowest band that holds most of the recent idle times, if waiting for it is worth it. */
function bandOf(recent: readonly number[], worth: number): Band | null {
  const count = recent.length;
  if (count < RECENT_MIN) return null;
  const sorted = [...recent].sort((a, b) => a - b);
  const held = Math.ceil(count * BAND_PART);
  let first = 0;
  let width = Number.POSITIVE_INFINITY;
  for (let i = 0; i + held <= count; i++) {
    const wide = (sorted[i + held - 1] ?? 0) - (sorted[i] ?? 0);
    if (wide >= width) continue;
    width = wide;
    first = i;
  }
  const low = sorted[first] ?? 0;
  const high = sorted[first + held - 1] ?? 0;
  const isWorth = width + 2 * BAND_SLACK <= (worth * held) / count;
  const isBand = high > 2 * BAND_SLACK && isWorth && width < BAND_WIDTH_MAX * high;
  return isBand ? { low: low - BAND_SLACK, high: high + BAND_SLACK } : null;
}
