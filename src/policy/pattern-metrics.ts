/** What a tenant's pattern says in the words of VISION.md, "Query Pattern Analysis". */
import type { TenantMetrics } from '../domain/policy-view.ts';
import type { Timestamp } from '../domain/units.ts';
import type { Pattern } from './pattern.ts';
import {
  COUNT,
  countOf,
  DAYS_KEPT,
  HOURS_OF_DAY,
  HOURS_OF_WEEK,
  MEAN,
  NUMBER,
  sizeOf,
} from './pattern-state.ts';

const BYTES_OF_GB = 1_000_000_000;

/** An hour of the day is a peak from this part of the busiest one, in a day that has ups and downs at all. */
const PEAK_PART = 0.75;
const PEAK_OVER_MEAN = 1.4;

/** A query is taken for complex or moderate by any of these. */
const COMPLEX = { latencyMs: 100, bytesPerQuery: 1_000_000, queriesPerTransaction: 50 } as const;
const MODERATE = { latencyMs: 10, bytesPerQuery: 50_000, queriesPerTransaction: 10 } as const;

/** Change of the data that counts, a day: this part of them, and at least this much. */
const GROWTH_PART = 0.005;
const GROWTH_BYTES_MIN = 1_000_000;

/**
 * The metrics at `now`; `cacheHitRatio` comes from PostgreSQL.
 *
 * `queryCount` is of the last 24 hours, `queriesPerMinute` of the minutes in use among them. `consistencyScore`
 * is the part of the variance of activity from hour to hour that the profile of the week foretold, over the
 * last week or so: 1 for somebody who works the same hours each week, 0 for use at random.
 */
export function metricsOf(
  pattern: Pattern,
  now: Timestamp,
  cacheHitRatio: number | null,
): TenantMetrics {
  pattern.advance(now);
  const { dayMinutes, dayQueries, dayChance, means } = pattern.state;
  const minutes = total(dayMinutes) + pattern.openMinutes;
  const queryCount = Math.round(
    (means[MEAN.hourQueries] ?? 0) + dayQueries.reduce((sum, code) => sum + countOf(code), 0),
  );
  const size = latestSize(pattern);
  return {
    queryCount,
    queriesPerMinute: minutes === 0 ? 0 : queryCount / minutes,
    peakHours: peakHours(pattern),
    queryComplexity: complexity(pattern),
    datasetSize: size === null ? null : size / BYTES_OF_GB,
    cacheHitRatio,
    activeHoursPerDay: total(dayChance) / 255,
    consistencyScore: consistency(pattern),
    growth: trend(growthPerDay(pattern), size ?? 0),
  };
}

/** Variance below which hours are all alike. */
const STILL = 1e-4;

/** How much of the ups and downs of its hours the week's profile foretells, 0 to 1. */
export function consistency({ state: { means, counts } }: Pattern): number {
  const age = (counts[COUNT.hour] ?? 0) - (counts[COUNT.firstHour] ?? 0);
  const variance = means[MEAN.variance] ?? 0;
  const residue = means[MEAN.residue] ?? 0;
  if (age < HOURS_OF_DAY) return 0;
  // Always busy is as predictable as can be; never busy is nothing that one could rely on.
  if (variance < STILL) return (means[MEAN.level] ?? 0) > 0.5 ? 1 : 0;
  return Math.max(0, 1 - residue / variance);
}

function peakHours(pattern: Pattern): readonly number[] {
  const profile = dayProfile(pattern);
  const most = Math.max(...profile);
  if (most === 0 || most < (PEAK_OVER_MEAN * sum(profile)) / HOURS_OF_DAY) return [];
  return [...profile.keys()].filter((hour) => (profile[hour] ?? 0) >= PEAK_PART * most);
}

/** Mean part in use of each hour of the day, over the days of the week. */
export function dayProfile({ state: { week } }: Pattern): readonly number[] {
  return Array.from({ length: HOURS_OF_DAY }, (_, hour) => {
    let used = 0;
    for (let cell = hour; cell < HOURS_OF_WEEK; cell += HOURS_OF_DAY) {
      used += ((week[cell] ?? 0) / 255) ** 2;
    }
    return used / 7;
  });
}

export type LocalDay = {
  /** Hour (UTC) at which the tenant's day begins: the end of its quietest eight hours. */
  readonly startsAt: number;
  /** A guess, from people sleeping around three in the morning. */
  readonly utcOffset: number;
};

const QUIET_HOURS = 8;
const MID_OF_NIGHT = 3;

/** When the tenant's day begins; null for one whose hours are all alike. */
export function localDay(pattern: Pattern): LocalDay | null {
  const profile = dayProfile(pattern);
  const mean = sum(profile) / HOURS_OF_DAY;
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let from = 0; from < HOURS_OF_DAY; from++) {
    // The middle of a longer quiet stretch is wanted: its rims count a little.
    const inner = stretch(profile, from, QUIET_HOURS);
    const outer = stretch(profile, from - QUIET_HOURS / 2, 2 * QUIET_HOURS);
    const use = inner + outer / 100;
    if (use >= least) continue;
    least = use;
    best = from;
  }
  if (stretch(profile, best, QUIET_HOURS) > (QUIET_HOURS * mean) / 2) return null;
  const middle = best + QUIET_HOURS / 2;
  const offset = (MID_OF_NIGHT - middle + 2 * HOURS_OF_DAY) % HOURS_OF_DAY;
  return {
    startsAt: (best + QUIET_HOURS) % HOURS_OF_DAY,
    utcOffset: offset > 13 ? offset - HOURS_OF_DAY : offset,
  };
}

function stretch(profile: readonly number[], from: number, length: number): number {
  let used = 0;
  for (let i = from; i < from + length; i++) {
    used += profile[(i + HOURS_OF_DAY) % HOURS_OF_DAY] ?? 0;
  }
  return used;
}

function complexity({ state: { means } }: Pattern): TenantMetrics['queryComplexity'] {
  const exceeds = (bound: typeof COMPLEX | typeof MODERATE): boolean =>
    (means[MEAN.latencyMs] ?? 0) >= bound.latencyMs ||
    (means[MEAN.bytesPerQuery] ?? 0) >= bound.bytesPerQuery ||
    (means[MEAN.queriesPerTransaction] ?? 0) >= bound.queriesPerTransaction;
  if (exceeds(COMPLEX)) return 'complex';
  return exceeds(MODERATE) ? 'moderate' : 'simple';
}

/** Size of the data when it was last measured, in bytes; null for never. */
export function latestSize({ state: { numbers, sizes } }: Pattern): number | null {
  const code = sizes[(numbers[NUMBER.sizeDay] ?? 0) % DAYS_KEPT] ?? 0;
  return code === 0 ? null : sizeOf(code);
}

/** Bytes a day over the last two weeks: the median of the slopes between all pairs of days. */
export function growthPerDay({ state: { numbers, sizes } }: Pattern): number {
  const last = numbers[NUMBER.sizeDay] ?? 0;
  const points: { readonly day: number; readonly size: number }[] = [];
  for (let back = DAYS_KEPT - 1; back >= 0; back--) {
    const code = sizes[(last - back + DAYS_KEPT) % DAYS_KEPT] ?? 0;
    if (code !== 0) points.push({ day: -back, size: sizeOf(code) });
  }
  const slopes = points.flatMap((a, i) =>
    points.slice(i + 1).map((b) => (b.size - a.size) / (b.day - a.day)),
  );
  return median(slopes);
}

function trend(perDay: number, size: number): TenantMetrics['growth'] {
  if (Math.abs(perDay) < Math.max(GROWTH_BYTES_MIN, GROWTH_PART * size)) return 'steady';
  return perDay > 0 ? 'growing' : 'shrinking';
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

const total = (values: Uint8Array): number => values.reduce((all, one) => all + one, 0);
