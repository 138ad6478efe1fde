/** Where tenants were kept, what that cost, and for how long those who came had to wait. */
import { alwaysOnCost, LEVEL_PRICES, levelTerms } from '../policy/level-costs.ts';
import type { LevelTerms, ResidencyTerms } from '../policy/residency.ts';
import type { Rules } from '../policy/rules.ts';
import { percent } from './score.ts';

type Level = LevelTerms['level'];

export type LevelTally = {
  requests: number;
  busy: number;
  total: number;
  prewarms: number;
  longReturns: number;
  longWarm: number;
  /** Idle seconds spent there, and returns that found the tenant there. */
  readonly seconds: Record<Level, number>;
  readonly returns: Record<Level, number>;
};

export const emptyLevelTally = (): LevelTally => ({
  ...{ requests: 0, busy: 0, total: 0, prewarms: 0, longReturns: 0, longWarm: 0 },
  seconds: { L1: 0, L2: 0, L3: 0, L4: 0 },
  returns: { L1: 0, L2: 0, L3: 0, L4: 0 },
});

export function spendLevel(tally: LevelTally, level: Level, seconds: number): void {
  tally.seconds[level] += seconds;
}

/** What was measured of a level besides what the rule needs of it. */
export type MeasuredLevel = LevelTerms & {
  /** The wait of the unlucky: the 95 % figure, where `wakeSeconds` is the median. */
  readonly wakeSecondsP95: number;
};

export type LevelScore = {
  /** In percent, as in `Score`. */
  readonly coldRate: number;
  readonly warmReturns: number;
  readonly costReduction: number;
  readonly costReductionMax: number;
  readonly wakesPerTenantDay: number;
  /** What a return waits for: milliseconds. The one in a hundred is taken to be unlucky in its wake too. */
  readonly waitMean: number;
  readonly waitP50: number;
  readonly waitP99: number;
  /** Of all tenant time, in percent. */
  readonly timeAt: Readonly<Record<Level, number>>;
};

export type LevelCosts = {
  /** Of a second of a tenant that is awake in full size. */
  readonly busyPerSecond: number;
  readonly levels: readonly MeasuredLevel[];
};

const DAY = 86_400;

export function levelScore(tallies: readonly LevelTally[], costs: LevelCosts): LevelScore {
  const sum = emptyLevelTally();
  for (const tally of tallies) add(sum, tally);
  const { busyPerSecond, levels } = costs;
  const alwaysOn = sum.total * busyPerSecond;
  const idle = levels.reduce((all, at) => all + sum.seconds[at.level] * at.costPerSecond, 0);
  const returns = levels.reduce((all, { level }) => all + sum.returns[level], 0);
  const cold = returns - sum.returns.L1;
  const cheapest = Math.min(...levels.map(({ costPerSecond }) => costPerSecond));
  const least = sum.busy * busyPerSecond + (sum.total - sum.busy) * cheapest;
  const waited = levels.reduce((all, at) => all + sum.returns[at.level] * at.wakeSeconds, 0);
  return {
    coldRate: percent(cold, sum.requests),
    warmReturns: percent(sum.longWarm, sum.longReturns),
    costReduction: percent(alwaysOn - sum.busy * busyPerSecond - idle, alwaysOn),
    costReductionMax: percent(alwaysOn - least, alwaysOn),
    wakesPerTenantDay: sum.total === 0 ? 0 : ((cold + sum.prewarms) * DAY) / sum.total,
    waitMean: returns === 0 ? 0 : (1_000 * waited) / returns,
    waitP50: 1_000 * (levelAt(sum, levels, 0.5)?.wakeSeconds ?? 0),
    waitP99: 1_000 * (levelAt(sum, levels, 0.99)?.wakeSecondsP95 ?? 0),
    timeAt: {
      L1: percent(sum.seconds.L1, sum.total),
      L2: percent(sum.seconds.L2, sum.total),
      L3: percent(sum.seconds.L3, sum.total),
      L4: percent(sum.seconds.L4, sum.total),
    },
  };
}

/** The level at which this part of the returns, those with the shorter waits first, has been found. */
function levelAt(
  sum: LevelTally,
  levels: readonly MeasuredLevel[],
  part: number,
): MeasuredLevel | undefined {
  const byWait = levels.toSorted((a, b) => a.wakeSeconds - b.wakeSeconds);
  const all = byWait.reduce((count, { level }) => count + sum.returns[level], 0);
  let seen = 0;
  return byWait.find(({ level }) => {
    seen += sum.returns[level];
    return seen >= part * all && seen > 0;
  });
}

function add(sum: LevelTally, tally: LevelTally): void {
  sum.requests += tally.requests;
  sum.busy += tally.busy;
  sum.total += tally.total;
  sum.prewarms += tally.prewarms;
  sum.longReturns += tally.longReturns;
  sum.longWarm += tally.longWarm;
  for (const level of LEVELS) {
    sum.seconds[level] += tally.seconds[level];
    sum.returns[level] += tally.returns[level];
  }
}

const LEVELS = ['L1', 'L2', 'L3', 'L4'] as const;

/** The 95 % figures beside the medians, for small tenants. Source: bench/README.md, ladder. */
const WAKE_P95: Readonly<Record<Level, number>> = { L1: 0, L2: 0.097, L3: 0.118, L4: 0.152 };
/** Medians of the same. */
const WAKE_P50 = { L2: 0.057, L3: 0.067, L4: 0.097 };

/** What the product itself counts with: a small tenant that idles in the smallest size, against always in HOT's. */
export function productCosts(rules: Rules, prices = LEVEL_PRICES): LevelCosts {
  return {
    busyPerSecond: alwaysOnCost(rules, prices),
    levels: levelTerms(rules, 'COLD', WAKE_P50, prices).map((terms) => ({
      ...terms,
      wakeSecondsP95: WAKE_P95[terms.level],
    })),
  };
}

/** The terms of the rule at these costs and this value of a second of waiting. */
export const termsAt = (
  { levels }: LevelCosts,
  valueOfSecond: number,
  floorAwake: ResidencyTerms['floorAwake'],
): ResidencyTerms => ({ levels, valueOfSecond, floorAwake });
