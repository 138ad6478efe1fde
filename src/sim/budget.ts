/** The product's policy with levels, at the value of a second that brings the fleet to a budget. */
import type { DurationMs } from '../domain/units.ts';
import { replayLevels } from './adaptive.ts';
import { type LevelCosts, type LevelScore, levelScore, termsAt } from './level-tally.ts';
import type { Trace } from './trace.ts';

export type Budgeted = {
  /** In percent: the reduction that was aimed for, which is less than was asked for if that is out of reach. */
  readonly aim: number;
  /** What a second of a user's waiting is worth, in dollars. */
  readonly valueOfSecond: number;
  readonly score: LevelScore;
};

export type BudgetRequest = {
  readonly costs: LevelCosts;
  /** Cost reduction against always on, in percent. */
  readonly reduction: number;
  readonly floorAwake: DurationMs;
};

/** In dollars: from a second that is worth next to nothing to one that is worth a tenant's year. */
const VALUES = Array.from({ length: 10 }, (_, i) => 1e-7 * 10 ** i);
const ROUNDS = 4;
const VALUES_IN_ROUND = 4;

/** Where the ceiling is below the budget, so much of the ceiling is aimed for: at it nothing is ever warm. */
const CEILING_PART = 0.95;

/** The dearest value of a second that keeps within the budget; the cheapest tried if none does. */
export function atBudget(trace: Trace, { costs, reduction, floorAwake }: BudgetRequest): Budgeted {
  const scores = new Map<number, LevelScore>();
  const run = (values: readonly number[]): void => {
    const fresh = values.filter((value) => !scores.has(value));
    const terms = fresh.map((value) => termsAt(costs, value, floorAwake));
    replayLevels(trace, terms).forEach((tallies, i) => {
      scores.set(fresh[i] ?? 0, levelScore(tallies, costs));
    });
  };
  run(VALUES);
  const ceiling = [...scores.values()][0]?.costReductionMax ?? 100;
  const aim = ceiling > reduction ? reduction : ceiling * CEILING_PART;
  const around = (): readonly [number | undefined, number | undefined] => {
    const sorted = [...scores].sort(([a], [b]) => a - b);
    const over = sorted.findIndex(([, { costReduction }]) => costReduction < aim);
    return over === -1
      ? [sorted.at(-1)?.[0], undefined]
      : [sorted[over - 1]?.[0], sorted[over]?.[0]];
  };
  for (let round = 0; round < ROUNDS; round++) {
    const [low, high] = around();
    if (low === undefined || high === undefined) break;
    run(between(low, high));
  }
  const valueOfSecond = around()[0] ?? VALUES[0] ?? 0;
  const score = scores.get(valueOfSecond) ?? levelScore([], costs);
  return { aim, valueOfSecond, score };
}

const between = (low: number, high: number): readonly number[] =>
  Array.from(
    { length: VALUES_IN_ROUND },
    (_, i) => low * (high / low) ** ((i + 1) / (VALUES_IN_ROUND + 1)),
  );
