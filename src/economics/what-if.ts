/**
 * Two ways to keep the same tenants, side by side: what each costs and how long people wait.
 *
 * The uses come from measurement or from a replay of recorded activity under other rules; here they become
 * money and a verdict.
 */
import { assert } from '../domain/assert.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Plan } from '../domain/tier.ts';
import { hours, type Timestamp } from '../domain/units.ts';
import { type Amount, minus, ratioOf, scaled, sumOf } from './money.ts';
import { type Billing, chargedIn, chargesOf } from './plans.ts';
import type { PriceBook } from './price-book.ts';
import { costOf, type FleetHour } from './usage-cost.ts';

/** One way, over a span of time. */
export type Way = {
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly hours: readonly FleetHour[];
  readonly coldStarts: number;
  /** Of all who waited for a sleeping tenant, together. */
  readonly waitedMs: number;
};

type Change<T> = { readonly before: T; readonly after: T; readonly difference: T };

export type Outcome = {
  /** As over thirty days. */
  readonly cost: Change<Amount>;
  readonly coldStarts: Change<number>;
  readonly waitedMs: Change<number>;
  /** What part of the cost is saved; negative if it costs more. */
  readonly saved: number | null;
  /** Where one gets better and the other worse: what a second of waiting is sold or bought for. */
  readonly secondFor: Amount | null;
  readonly verdict: 'better' | 'worse' | 'dearer but quicker' | 'cheaper but slower' | 'the same';
};

const MONTH_MS = hours(30 * 24);

/** Throws an assertion unless both are over equally long spans. */
export function comparedWays(book: PriceBook, before: Way, after: Way): Outcome {
  const span = before.to - before.from;
  assert(span > 0 && after.to - after.from === span, 'two ways are compared over equal spans');
  // Of what the tenants use alone: machines and minima are paid for either way, and would hide what it changes.
  const monthly = ({ hours }: Way): Amount =>
    scaled(
      sumOf(costOf(book, hours).rows.map(({ attributed }) => attributed)),
      BigInt(MONTH_MS),
      BigInt(span),
    );
  const often = (count: number): number => (count * MONTH_MS) / span;
  const was = monthly(before);
  const is = monthly(after);
  const cost = { before: was, after: is, difference: minus(is, was) };
  const waitedMs = changed(often(before.waitedMs), often(after.waitedMs));
  const waitingMs = Math.round(Math.abs(waitedMs.difference));
  const isTrade = cost.difference > 0n !== waitedMs.difference > 0 && cost.difference !== 0n;
  return {
    cost,
    coldStarts: changed(often(before.coldStarts), often(after.coldStarts)),
    waitedMs,
    saved: ratioOf(minus(was, is), was),
    secondFor:
      isTrade && waitingMs > 0
        ? scaled(
            (cost.difference > 0n ? cost.difference : -cost.difference) as Amount,
            1_000n,
            BigInt(waitingMs),
          )
        : null,
    verdict: verdictOn(cost.difference, waitedMs.difference),
  };
}

const changed = (before: number, after: number): Change<number> => ({
  before,
  after,
  difference: after - before,
});

function verdictOn(cost: bigint, waiting: number): Outcome['verdict'] {
  if (cost === 0n && waiting === 0) return 'the same';
  if (cost <= 0n && waiting <= 0) return 'better';
  if (cost >= 0n && waiting >= 0) return 'worse';
  return cost > 0n ? 'dearer but quicker' : 'cheaper but slower';
}

/** What the month would bring in if the tenant had been on that plan for all of its time in it. */
export function ifOnPlan(billing: Billing, tenant: TenantId, plan: Plan): Change<Amount> {
  const moved = <T extends { readonly tenant: TenantId; readonly plan: Plan }>(one: T): T =>
    one.tenant === tenant ? { ...one, plan } : one;
  const before = chargedIn(chargesOf(billing));
  const after = chargedIn(
    chargesOf({
      ...billing,
      subscriptions: billing.subscriptions.map(moved),
      rows: billing.rows.map(moved),
    }),
  );
  return { before, after, difference: minus(after, before) };
}
