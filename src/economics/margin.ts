/** What is earned against what it costs, and what a price would have to be. */

import { assert } from '../domain/assert.ts';
import { PLANS, type Plan } from '../domain/tier.ts';
import { type Amount, minus, NOTHING, plus, ratioOf, scaled } from './money.ts';
import type { Earning } from './plans.ts';
import { type CostRow, totalOf } from './usage-cost.ts';

export type Margin = {
  readonly revenue: Amount;
  readonly cost: Amount;
  readonly profit: Amount;
  /** Profit by revenue: 1 at best; null without revenue, whatever the cost. */
  readonly ratio: number | null;
};

export const marginOf = (revenue: Amount, cost: Amount): Margin => {
  const profit = minus(revenue, cost);
  return { revenue, cost, profit, ratio: ratioOf(profit, revenue) };
};

/** By plan, tier, tenant or customer; earnings without a tier are under `null` there. */
export function marginsBy<K>(
  earnings: readonly Earning[],
  costs: readonly CostRow[],
  keyOf: (of: Pick<Earning, 'tenant' | 'customer' | 'plan' | 'tier' | 'hour'> | CostRow) => K,
): ReadonlyMap<K, Margin> {
  const sums = new Map<K, { readonly revenue: Amount; readonly cost: Amount }>();
  const add = (key: K, revenue: Amount, cost: Amount): void => {
    const sum = sums.get(key) ?? { revenue: NOTHING, cost: NOTHING };
    sums.set(key, { revenue: plus(sum.revenue, revenue), cost: plus(sum.cost, cost) });
  };
  for (const earning of earnings) add(keyOf(earning), earning.amount, NOTHING);
  for (const row of costs) add(keyOf(row), NOTHING, totalOf(row));
  return new Map([...sums].map(([key, { revenue, cost }]) => [key, marginOf(revenue, cost)]));
}

export type Target = {
  /** Of the price, in thousandths: 750 for a margin of 75 %. */
  readonly marginMills: number;
  /** Prices are multiples of this. */
  readonly step: Amount;
};

/** The lowest price that is a multiple of the step and leaves the margin over `cost`. */
export function priceFor(cost: Amount, { marginMills, step }: Target): Amount {
  assert(marginMills >= 0 && marginMills < 1_000, 'a margin is less than the whole price');
  assert(step > 0n, 'a step of prices is more than nothing');
  // Rounded up: rounded to the nearest the margin would be missed.
  const keeps = BigInt(1_000 - marginMills);
  const price = (cost * 1_000n + keeps - 1n) / keeps;
  return (((price + step - 1n) / step) * step) as Amount;
}

export type PlanCost = {
  readonly plan: Plan;
  /** Tenants on it, for the whole month; a tenant for half of it is half of one. In seconds. */
  readonly seconds: bigint;
  /** Of all of them, attributed and shared. */
  readonly cost: Amount;
  /** A plan that is free stays so. */
  readonly isFree: boolean;
};

export type PriceAdvice = {
  readonly plan: Plan;
  /** A tenant's own cost a month, on average, and what it bears of those who pay nothing. */
  readonly ownCost: Amount;
  readonly borne: Amount;
  readonly price: Amount;
};

/**
 * A price for each plan that reaches the target. What free tenants cost is borne by those who pay, in proportion to their own
 * cost: else each plan would have its margin and the whole would not.
 */
export function pricesFor(
  plans: readonly PlanCost[],
  monthSeconds: bigint,
  target: Target,
): readonly PriceAdvice[] {
  const paying = plans.filter(({ isFree, seconds }) => !isFree && seconds > 0n);
  const sum = (of: readonly PlanCost[]): Amount =>
    of.reduce((all, { cost }) => plus(all, cost), NOTHING);
  const free = sum(plans.filter(({ isFree }) => isFree));
  const paid = sum(paying);
  return [...paying]
    .sort((one, other) => PLANS.indexOf(one.plan) - PLANS.indexOf(other.plan))
    .map(({ plan, seconds, cost }) => {
      const ownCost = scaled(cost, monthSeconds, seconds);
      const borne = paid === 0n ? NOTHING : scaled(ownCost, free, paid);
      return { plan, ownCost, borne, price: priceFor(plus(ownCost, borne), target) };
    });
}

/** What a fleet costs when it grows: the part that follows its size, and the part that does not. */
export function costAtSize(
  now: { readonly tenants: number; readonly variable: Amount; readonly fixed: Amount },
  tenants: number,
): Amount {
  return plus(now.fixed, scaled(now.variable, BigInt(tenants), BigInt(now.tenants)));
}
