/** What a replay came to: the figures by which policies are compared, and how sure they are. */
import type { Random } from '../domain/random.ts';
import type { Tally } from './replay.ts';

const DAY = 86_400;

/** Tenants with fewer requests than this say nothing about their own share of cold starts. */
const REQUESTS_MIN = 5;

/** All but `wakesPerTenantDay` and counts in percent. */
export type Score = {
  readonly requests: number;
  /** Cold starts of all requests. */
  readonly coldRate: number;
  /** Of the returns after a quarter of an hour or more, those that were warm. */
  readonly warmReturns: number;
  /** The three-quarters and the 95 % tenant, by its own share of cold starts. */
  readonly coldRateP75: number;
  readonly coldRateP95: number;
  /** Warm and unused, of all tenant time. */
  readonly idleWarm: number;
  /** Against always on, and what it would be if nobody were ever warm and unused. */
  readonly costReduction: number;
  readonly costReductionMax: number;
  readonly wakesPerTenantDay: number;
  /** Warm times ahead of a return that never came, of all warm times ahead of one. */
  readonly wrongPrewarms: number;
};

export function scoreOf(tallies: readonly Tally[]): Score {
  const sum = sumOf(tallies);
  const total = sum.total;
  const rates = tallies
    .filter(({ requests }) => requests >= REQUESTS_MIN)
    .map(({ cold, requests }) => cold / requests)
    .sort((a, b) => a - b);
  return {
    requests: sum.requests,
    coldRate: percent(sum.cold, sum.requests),
    warmReturns: percent(sum.longWarm, sum.longReturns),
    coldRateP75: 100 * quantile(rates, 0.75),
    coldRateP95: 100 * quantile(rates, 0.95),
    idleWarm: percent(sum.idleWarm, total),
    costReduction: percent(total - sum.idleWarm - sum.busy, total),
    costReductionMax: percent(total - sum.busy, total),
    wakesPerTenantDay: total === 0 ? 0 : ((sum.cold + sum.prewarms) * DAY) / total,
    wrongPrewarms: percent(sum.wrongPrewarms, sum.prewarms),
  };
}

export type Interval = readonly [low: number, high: number];

export type Sureness = {
  readonly coldRate: Interval;
  readonly warmReturns: Interval;
  readonly idleWarm: Interval;
};

const RESAMPLES = 200;

/** 95 % intervals of a score, by drawing the tenants again. */
export function surenessOf(tallies: readonly Tally[], random: Random): Sureness {
  const draws = Array.from({ length: RESAMPLES }, () => {
    const sum = sumOf(tallies.map(() => tallies[drawn(random, tallies.length)] ?? NOTHING));
    return {
      coldRate: percent(sum.cold, sum.requests),
      warmReturns: percent(sum.longWarm, sum.longReturns),
      idleWarm: percent(sum.idleWarm, sum.total),
    };
  });
  return {
    coldRate: interval(draws.map(({ coldRate }) => coldRate)),
    warmReturns: interval(draws.map(({ warmReturns }) => warmReturns)),
    idleWarm: interval(draws.map(({ idleWarm }) => idleWarm)),
  };
}

/** The 95 % interval of how many times the cold starts of `others` are those of `ours`, tenant by tenant. */
export function coldRatioInterval(
  ours: readonly Tally[],
  others: readonly Tally[],
  random: Random,
): Interval {
  const ratios = Array.from({ length: RESAMPLES }, () => {
    let cold = 0;
    let otherCold = 0;
    for (let i = 0; i < ours.length; i++) {
      const one = drawn(random, ours.length);
      cold += ours[one]?.cold ?? 0;
      otherCold += others[one]?.cold ?? 0;
    }
    return otherCold === 0 ? 1 : cold / otherCold;
  });
  return interval(ratios);
}

type Sums = Omit<Tally, 'returns'>;

const NOTHING: Sums = {
  ...{ requests: 0, cold: 0, longReturns: 0, longWarm: 0 },
  ...{ idleWarm: 0, busy: 0, total: 0, prewarms: 0, wrongPrewarms: 0 },
};

function sumOf(tallies: readonly Sums[]): Sums {
  const sum = { ...NOTHING };
  for (const tally of tallies) {
    sum.requests += tally.requests;
    sum.cold += tally.cold;
    sum.longReturns += tally.longReturns;
    sum.longWarm += tally.longWarm;
    sum.idleWarm += tally.idleWarm;
    sum.busy += tally.busy;
    sum.total += tally.total;
    sum.prewarms += tally.prewarms;
    sum.wrongPrewarms += tally.wrongPrewarms;
  }
  return sum;
}

const drawn = (random: Random, length: number): number => Math.floor(random.next() * length);

export const percent = (part: number, of: number): number => (of === 0 ? 0 : (100 * part) / of);

/** Of what is sorted; 0 of nothing. */
export const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;

function interval(values: readonly number[]): Interval {
  const sorted = values.toSorted((a, b) => a - b);
  return [quantile(sorted, 0.025), quantile(sorted, 0.975)];
}

export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
