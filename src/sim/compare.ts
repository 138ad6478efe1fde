/** The product's policy beside all others, on one trace. */
import type { Random } from '../domain/random.ts';
import { replayAdaptive } from './adaptive.ts';
import { clairvoyantKeepAlive } from './baseline-simple.ts';
import { type Baseline, BOUNDS, hazardFamily, rivalsFor } from './baselines.ts';
import { Frontier, hypervolume, type Point } from './frontier.ts';
import { replay, type Tally } from './replay.ts';
import {
  coldRatioInterval,
  geometricMean,
  type Interval,
  type Score,
  type Sureness,
  scoreOf,
  surenessOf,
} from './score.ts';
import type { Trace } from './trace.ts';

/** One rule in one configuration. */
export type Row = {
  readonly name: string;
  readonly family: Baseline['family'] | 'adaptive';
  readonly score: Score;
  readonly sureness: Sureness;
  /** How much dearer it is than the clairvoyant, a cold start being worth an hour awake; 1 is twice. */
  readonly regret: number;
};

/** A rule beside another at the same idle time. */
export type Pair = {
  readonly rival: string;
  readonly idleWarm: number;
  /** The share of cold starts, and how many times the rival's. */
  readonly coldRate: number;
  readonly coldRatio: number;
  readonly coldRatioInterval: Interval;
  /** Percent of returns after a quarter of an hour that were warm, and the points it is above the rival's. */
  readonly warmReturns: number;
  readonly warmReturnsAbove: number;
  /** Idle time at as many cold starts, as a part of the rival's; null if it is never that good. */
  readonly idleRatio: number | null;
};

export type Line = {
  readonly name: 'adaptive' | 'hazard';
  readonly points: readonly (Pick<Point, 'knob'> & { readonly score: Score })[];
  readonly pairs: readonly Pair[];
  readonly hypervolume: number;
};

export type Comparison = {
  readonly trace: TraceFacts;
  readonly rows: readonly Row[];
  readonly ours: Line;
  readonly hazard: Line;
  /** Ours, over all pairs. */
  readonly coldRatioMean: number;
  readonly coldRatioWorst: number;
  /** Ours against the hazard reference, at the idle times of all rivals. */
  readonly hazardRatioMean: number;
};

export type TraceFacts = {
  readonly name: string;
  readonly tenants: number;
  readonly days: number;
  readonly scoredDays: number;
  readonly requests: number;
  /** In percent: the most that a policy could save. */
  readonly costReductionMax: number;
};

const DAY = 86_400;
/** Idle seconds that a cold start is worth where costs are told as one figure. */
const REGRET_WORTH = 3_600;

export type CompareParts = {
  readonly random: Random;
  /** Told what is done next; the work takes seconds to minutes. */
  readonly tell: (what: string) => void;
};

export function compare(trace: Trace, { random, tell }: CompareParts): Comparison {
  const clairvoyantCost = costOf(replay(trace, clairvoyantKeepAlive(trace, REGRET_WORTH)));
  const runs = [...rivalsFor(trace), ...BOUNDS].map((baseline) => {
    tell(`${trace.name}: ${baseline.name}`);
    return { ...baseline, tallies: replay(trace, baseline.make(trace)) };
  });
  const rows = runs.map(
    ({ name, family, tallies }): Row => ({
      ...{ name, family, score: scoreOf(tallies) },
      sureness: surenessOf(tallies, random.fork(name)),
      regret: costOf(tallies) / clairvoyantCost - 1,
    }),
  );
  const rivals = runs.filter(({ family }) => family !== 'clairvoyant' && family !== 'bound');
  const others = rivals.map(({ name, tallies }) => ({ name, tallies, score: scoreOf(tallies) }));
  const worst = worstOf(runs.flatMap(({ name, tallies }) => (name === 'always-on' ? tallies : [])));
  const lined = { others, worst, random };
  tell(`${trace.name}: hazard reference`);
  const make = hazardFamily(trace);
  const hazard = lineOf('hazard', {
    ...lined,
    runAt: (worths) => worths.map((worth) => replay(trace, make(worth))),
  });
  tell(`${trace.name}: adaptive`);
  const ours = lineOf('adaptive', { ...lined, runAt: (worths) => replayAdaptive(trace, worths) });
  const hazardRatios = ours.pairs.flatMap((pair, i) => {
    const other = hazard.pairs[i];
    return other === undefined || other.coldRate === 0 ? [] : [pair.coldRate / other.coldRate];
  });
  const ratios = ours.pairs.map(({ coldRatio }) => coldRatio);
  return {
    trace: factsOf(trace, scoreOf(runs[0]?.tallies ?? [])),
    rows,
    ours,
    hazard,
    coldRatioMean: geometricMean(ratios),
    coldRatioWorst: Math.max(...ratios),
    hazardRatioMean: geometricMean(hazardRatios),
  };
}

export const factsOf = (
  { name, tenants, span, warmup }: Trace,
  { requests, costReductionMax }: Score,
): TraceFacts => ({
  ...{ name, requests, costReductionMax, tenants: tenants.length },
  days: span / DAY,
  scoredDays: (span - warmup) / DAY,
});

type Other = {
  readonly name: string;
  readonly tallies: readonly Tally[];
  readonly score: Score;
};

type LineParts = {
  readonly others: readonly Other[];
  readonly worst: { readonly coldRate: number; readonly idleWarm: number };
  readonly random: Random;
  readonly runAt: ConstructorParameters<typeof Frontier>[0];
};

function lineOf(name: Line['name'], { others, worst, random, runAt }: LineParts): Line {
  const frontier = new Frontier(runAt);
  frontier.approach(others.map(({ score }) => score.idleWarm));
  const pairs = others.flatMap((other) => pairOf(frontier, other, random.fork(other.name)));
  const points = frontier.points.map(({ knob, score }) => ({ knob, score }));
  const scores = points.map(({ score }) => score);
  return { name, points, pairs, hypervolume: hypervolume(scores, worst) };
}

function pairOf(frontier: Frontier, { name, tallies, score }: Other, random: Random): Pair[] {
  const ours = frontier.atIdle(score.idleWarm);
  if (ours === null) return [];
  const idle = frontier.idleAt(score.coldRate);
  return [
    {
      rival: name,
      idleWarm: ours.idleWarm,
      coldRate: ours.coldRate,
      coldRatio: score.coldRate === 0 ? 1 : ours.coldRate / score.coldRate,
      coldRatioInterval: coldRatioInterval(ours.nearest.tallies, tallies, random),
      warmReturns: ours.warmReturns,
      warmReturnsAbove: ours.warmReturns - score.warmReturns,
      idleRatio: idle === null || score.idleWarm === 0 ? null : idle / score.idleWarm,
    },
  ];
}

const costOf = (tallies: readonly Tally[]): number =>
  tallies.reduce((sum, { idleWarm, cold }) => sum + idleWarm + REGRET_WORTH * cold, 0);

/** Never warm, and always: the corner that everything is better than. */
function worstOf(alwaysOn: readonly Tally[]): { coldRate: number; idleWarm: number } {
  const returns = alwaysOn.reduce((sum, tally) => sum + tally.returns, 0);
  const { requests, idleWarm } = scoreOf(alwaysOn);
  return { coldRate: (100 * returns) / requests, idleWarm };
}
