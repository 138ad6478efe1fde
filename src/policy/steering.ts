/**
 * What a second of a user's waiting is worth, steered to a budget: where the fleet costs more than it may, a
 * second is worth less from now on, and its tenants are let go sooner.
 *
 * An integral controller on the logarithm: a fleet at twice its budget halves the value in four hours. It is
 * slow against a day's ups and downs on purpose, and bounded, so that a fleet whose users alone cost more
 * than the budget is still served, and one that costs nothing does not grow a value without end.
 */
import { type DurationMs, hours } from '../domain/units.ts';
import { awakeCost, type LevelPrices, WAKE_SECONDS } from './level-costs.ts';
import type { Rules } from './rules.ts';

/** A difference to the budget is taken back in so long. */
const PACE = hours(4);

/** At most so much in one step, as a logarithm. */
const STEP_MAX = Math.log(2);

/** How far from the first value, as a factor, either way. */
const REACH = 10_000;

/** Idle seconds that one wake is worth, at first. */
const FIRST_IDLE_SECONDS = 3_600;

export type Spending = {
  /** What the fleet costs, and may cost, as parts of what it would cost always awake. */
  readonly share: number;
  readonly budget: number;
  /** The value that was begun with. */
  readonly first: number;
};

/** What a second is worth before anything is known of the fleet, in the currency of the prices. */
export const firstValue = (rules: Rules, prices: LevelPrices): number =>
  (FIRST_IDLE_SECONDS * awakeCost(rules, 'WARM', prices)) / WAKE_SECONDS.L3;

/** The value from now on, `took` after the last look. */
export function steer(value: number, { share, budget, first }: Spending, took: DurationMs): number {
  const error = Math.log(budget / Math.max(share, budget / REACH));
  const step = Math.max(-STEP_MAX, Math.min(STEP_MAX, (error * took) / PACE));
  return Math.max(first / REACH, Math.min(first * REACH, value * Math.exp(step)));
}
