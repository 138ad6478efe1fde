/**
 * What the product is measured by, against its targets: each figure says how it was measured, over which time, and why it is
 * not known where it is not. Nothing is guessed. Source: VISION.md, "Success Metrics" and "Performance SLAs by Tier".
 */

import { PLANS, type Plan, type Tier } from '../../domain/tier.ts';
import type { Timestamp } from '../../domain/units.ts';
import { LATENCY_BOUNDS_US } from '../../domain/usage.ts';
import { quantile } from './metrics-tally.ts';
import { type Day, WAKE_BOUNDS_S, WAKE_SOURCES } from './slo-day.ts';
import type { Window } from './slo-keeper.ts';

type KpiArea = 'technical' | 'business' | 'satisfaction' | 'promise';

type KpiUnit = 'ratio' | 'seconds' | 'dollars' | 'count' | 'score';

export type Kpi = {
  readonly name: string;
  readonly area: KpiArea;
  readonly title: string;
  /** Of a promise: to whom. */
  readonly plan: Plan | null;
  /** Null if it is not known; `why` says why. */
  readonly value: number | null;
  readonly unit: KpiUnit;
  readonly target: {
    readonly is: 'below' | 'above' | 'at most' | 'at least';
    readonly value: number;
  };
  /** Null if the value is not known. */
  readonly isMet: boolean | null;
  readonly measured: string;
  readonly why: string | null;
};

export type KpiReport = {
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly kpis: readonly Kpi[];
};

/** Null with the reason. */
export type Figure = { readonly value: number | null; readonly unless: string };

/** What only the books know. */
export type MoneyFigures = {
  /** Of computing, in dollars, for a month of a tenant. */
  readonly costPerTenant: Figure;
  /** From 0 to 1. */
  readonly grossMargin: Figure;
  readonly revenueRetention: Figure;
};

export type KpiInputs = {
  readonly window: Window;
  readonly tenants: number;
  readonly customers: number;
  /** Tenants that have risen by a tier. */
  readonly risen: number;
  readonly money: MoneyFigures | null;
};

type Measure = Omit<Kpi, 'isMet' | 'why' | 'plan'> & {
  readonly plan?: Plan | undefined;
  /** Why it is not known, where it is not. */
  readonly unless: string;
};

/** Figures of 30 days, unless the server has not been there for as long. */
export function kpiReport(inputs: KpiInputs): KpiReport {
  const { from, to } = inputs.window;
  const measures: readonly Measure[] = [
    ...technical(inputs),
    ...business(inputs),
    ...SATISFACTION,
    ...PLANS.flatMap((plan) => promises(plan, inputs.window)),
  ];
  return { from, to, kpis: measures.map(judged) };
}

function judged({ unless, plan, ...measure }: Measure): Kpi {
  const { value, target } = measure;
  const why = value === null ? unless : null;
  return {
    ...measure,
    plan: plan ?? null,
    why,
    isMet: value === null ? null : meets(value, target),
  };
}

function meets(value: number, { is, value: target }: Kpi['target']): boolean {
  switch (is) {
    case 'below':
      return value < target;
    case 'above':
      return value > target;
    case 'at most':
      return value <= target;
    case 'at least':
      return value >= target;
    default:
      return is satisfies never;
  }
}

const P95 = 0.95;
const US_OF_SECOND = 1_000_000;
const MS_OF_MINUTE = 60_000;
const NOT_RECKONED: Figure = { value: null, unless: 'cost and revenue are not reckoned' };

function technical({ window: { sum }, money }: KpiInputs): readonly Measure[] {
  const { reads, prewarmHits, prewarmMisses } = sum;
  const awakeMs = total(Object.values(sum.awakeMs));
  const waited = WAKE_SOURCES.map((from) => sum.wakes[from]);
  return [
    {
      ...{ name: 'compute-cost', area: 'technical', title: 'Cost of computing a tenant a month' },
      ...{ unit: 'dollars', target: { is: 'below', value: 5 } },
      measured: 'what all tenants have cost by the price book in force, by tenant',
      ...(money?.costPerTenant ?? NOT_RECKONED),
    },
    {
      ...{ name: 'cache-hit-ratio', area: 'technical', title: 'Reads that memory served' },
      value: ratio(reads.L1 + reads.L2, reads.L1 + reads.L2 + reads.L3),
      ...{ unit: 'ratio', target: { is: 'above', value: 0.9 } },
      measured:
        'reads of pages from shared buffers and page cache, of all, counted at the end of each compute',
      unless: 'no compute has ended yet',
    },
    {
      ...{
        name: 'cold-start-p95',
        area: 'technical',
        title: 'Wakes that somebody waited for, p95',
      },
      value: quantile(WAKE_BOUNDS_S, summed(waited), P95),
      ...{ unit: 'seconds', target: { is: 'below', value: 2 } },
      measured:
        'from the request to a compute that accepts sessions, from whatever level; wakes ahead and restarts left out',
      unless: 'nobody has waited for a wake yet',
    },
    {
      ...{ name: 'prediction-accuracy', area: 'technical', title: 'Predictions that came true' },
      value: ratio(prewarmHits, prewarmHits + prewarmMisses),
      ...{ unit: 'ratio', target: { is: 'above', value: 0.85 } },
      measured: 'wakes ahead of people that somebody came to, of all wakes ahead',
      unless: 'nobody has been woken for ahead yet',
    },
    {
      ...{ name: 'utilisation', area: 'technical', title: 'Time awake in which people asked' },
      // A minute counts whole that has one question, so that more than all is possible by a little.
      value: capped(ratio(sum.usedMinutes * MS_OF_MINUTE, awakeMs)),
      ...{ unit: 'ratio', target: { is: 'above', value: 0.7 } },
      measured:
        'minutes in which a person asked something, of the minutes in which tenants were awake',
      unless: 'no tenant has been awake yet',
    },
  ];
}

function business({ window, tenants, customers, risen, money }: KpiInputs): readonly Measure[] {
  const { customersNew, customersGone } = window.sum;
  const before = customers - customersNew + customersGone;
  return [
    {
      ...{ name: 'gross-margin', area: 'business', title: 'Gross margin' },
      ...{ unit: 'ratio', target: { is: 'above', value: 0.75 } },
      ...{ measured: 'revenue less cost, of revenue', ...(money?.grossMargin ?? NOT_RECKONED) },
    },
    {
      ...{ name: 'acquisition-cost', area: 'business', title: 'Cost of winning a customer' },
      ...{ value: null, unit: 'dollars', target: { is: 'below', value: 50 } },
      ...{ measured: 'outside of this server', unless: 'no server knows what marketing costs' },
    },
    {
      ...{ name: 'churn', area: 'business', title: 'Customers lost in 30 days' },
      value: before > 0 ? customersGone / before : null,
      ...{ unit: 'ratio', target: { is: 'below', value: 0.05 } },
      measured: 'customers deleted, of those that there were when the window began',
      unless: 'there were no customers when the window began',
    },
    {
      ...{
        name: 'tier-upgrades',
        area: 'business',
        title: 'Tenants that rose by a tier in 30 days',
      },
      ...{ value: ratio(risen, tenants), unit: 'ratio', target: { is: 'above', value: 0.1 } },
      measured: 'tenants with a decision that gave them a higher tier, each once, of all',
      unless: 'there are no tenants',
    },
    {
      ...{ name: 'revenue-retention', area: 'business', title: 'Net revenue retention' },
      ...{ unit: 'ratio', target: { is: 'above', value: 1.1 } },
      measured:
        'what customers of the same month a year ago were charged in the last whole month, of what they were then',
      ...(money?.revenueRetention ?? NOT_RECKONED),
    },
  ];
}

const ASKED = 'people must be asked, and nobody has told the server';

const SATISFACTION: readonly Measure[] = [
  ['latency-satisfaction', 'Satisfaction with the time of queries', 4.5],
  ['tier-clarity', 'Clarity of the tiers', 4],
  ['perceived-value', 'Perceived value', 4.5],
  ['recommendation', 'Net promoter score', 50],
].map(([name, title, value]) => ({
  ...{ name: String(name), area: 'satisfaction', title: String(title), value: null },
  ...{ unit: 'score', target: { is: 'above', value: Number(value) } },
  ...{ measured: 'by asking people', unless: ASKED },
}));

/** What each plan is promised, in the tier that it pays for. */
const PROMISES: Readonly<
  Record<
    Plan,
    {
      readonly tier: Tier;
      /** Seconds; null where there is to be none in business hours, or none at all. */
      readonly coldStart: number | null;
      readonly query: number;
      readonly uptime: number | null;
    }
  >
> = {
  free: { tier: 'COLD', coldStart: 5, query: 0.5, uptime: null },
  starter: { tier: 'WARM', coldStart: 1, query: 0.1, uptime: 0.99 },
  professional: { tier: 'HOT', coldStart: null, query: 0.05, uptime: 0.995 },
  enterprise: { tier: 'PERSISTENT', coldStart: null, query: 0.01, uptime: 0.999 },
};

function promises(plan: Plan, window: Window): readonly Measure[] {
  const { tier, query, uptime } = PROMISES[plan];
  const { sum } = window;
  const p95 = quantile(LATENCY_BOUNDS_US, sum.latency[tier], P95);
  const queries: Measure = {
    ...{ name: `${plan}-query-p95`, area: 'promise', plan, title: 'Time of a request, p95' },
    ...{ value: p95 === null ? null : p95 / US_OF_SECOND, unit: 'seconds' },
    target: { is: 'below', value: query },
    measured: `requests of tenants in tier ${tier}, from the first byte to the end of the answer`,
    unless: `nobody has asked a tenant in tier ${tier} anything yet`,
  };
  const up = upShare(window, plan);
  const available: Measure = {
    ...{ name: `${plan}-uptime`, area: 'promise', plan, title: 'Uptime' },
    ...{ value: up, unit: 'ratio', target: { is: 'at least', value: uptime ?? 0 } },
    measured:
      'time in which the server served, less the share of wanted time in which tenants of the plan could not be started; asleep is up',
    unless: 'the server has just begun',
  };
  return [coldStarts(plan, sum), queries, available];
}

function coldStarts(plan: Plan, sum: Day): Measure {
  const { tier, coldStart } = PROMISES[plan];
  const wakes = sum.wakesByTier[tier];
  if (coldStart !== null) {
    return {
      ...{ name: `${plan}-cold-start-p95`, area: 'promise', plan, title: 'Cold start, p95' },
      ...{ value: quantile(WAKE_BOUNDS_S, wakes, P95), unit: 'seconds' },
      target: { is: 'below', value: coldStart },
      measured: `wakes of tenants in tier ${tier} that somebody waited for`,
      unless: `nobody has waited for a tenant in tier ${tier} yet`,
    };
  }
  const isHot = tier === 'HOT';
  return {
    ...{ name: `${plan}-cold-starts`, area: 'promise', plan, title: 'Cold starts' },
    ...{ value: isHot ? sum.wakesInBusinessHours : total(wakes), unit: 'count' },
    target: { is: 'at most', value: 0 },
    measured: `wakes of tenants in tier ${tier} that somebody waited for${isHot ? ', Monday to Friday, 9 to 17 of UTC' : ''}`,
    unless: '',
  };
}

/** From 0 to 1; null for a window without length. */
function upShare({ from, to, gaps, sum }: Window, plan: Plan): number | null {
  if (to <= from) return null;
  const wanted = sum.awakeMs[plan] + sum.failedMs[plan];
  const startable = wanted === 0 ? 1 : sum.awakeMs[plan] / wanted;
  return servedShare({ from, to, gaps }) * startable;
}

/** The part of [from, to) in which the server served. */
export function servedShare({ from, to, gaps }: Pick<Window, 'from' | 'to' | 'gaps'>): number {
  const down = gaps.map((gap) => Math.max(0, Math.min(gap.to, to) - Math.max(gap.from, from)));
  return to <= from ? 1 : Math.max(0, 1 - total(down) / (to - from));
}

const ratio = (part: number, all: number): number | null => (all === 0 ? null : part / all);

const capped = (value: number | null): number | null =>
  value === null ? null : Math.min(1, value);

const total = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

const summed = (all: readonly (readonly number[])[]): readonly number[] =>
  (all[0] ?? []).map((_, place) => total(all.map((counts) => counts[place] ?? 0)));
