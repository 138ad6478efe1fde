/** Shares of days, put together: by month, by day, and to what a month will have come to. */
import type { CostShare } from '../../domain/economics.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import type { Timestamp } from '../../domain/units.ts';
import { METERS, type Use } from '../../domain/use.ts';
import { type Amount, NOTHING, scaled } from '../../economics/money.ts';
import { monthOf } from '../../economics/month.ts';
import type { DayBooked } from './cost-days.ts';
import type { DayShare, MonthShare } from './cost-sums.ts';

/** Of whom; of all where neither is said. */
export type Of = {
  readonly tenant?: TenantId | undefined;
  readonly customer?: CustomerId | undefined;
};

export type OneShare = CostShare & { readonly day: Timestamp };

export const sharesOf = (
  { fleet, shares }: DayBooked,
  { tenant, customer }: Of,
): readonly OneShare[] =>
  shares
    .filter((share) => tenant === undefined || share.tenant === tenant)
    .filter((share) => customer === undefined || share.customer === customer)
    .map((share) => ({ ...share, day: fleet.day }));

export const monthly = (share: OneShare): MonthShare => ({
  ...share,
  month: monthOf(share.day).from,
});

/** One line for each place and month, of what is settled and what is not. */
export function joined(shares: readonly MonthShare[]): readonly MonthShare[] {
  const sums = new Map<string, MonthShare>();
  for (const share of shares) {
    const { month, tenant, customer, plan, tier } = share;
    const key = `${month} ${tenant} ${customer} ${plan} ${tier}`;
    const before = sums.get(key);
    sums.set(key, before === undefined ? share : added(before, share));
  }
  return [...sums.values()];
}

const added = (one: MonthShare, other: MonthShare): MonthShare => ({
  ...one,
  use: useOf([one, other]),
  seconds: one.seconds + other.seconds,
  attributed: one.attributed + other.attributed,
  shared: one.shared + other.shared,
  alwaysOn: one.alwaysOn + other.alwaysOn,
});

export const useOf = (shares: readonly Pick<CostShare, 'use'>[]): Use =>
  Object.fromEntries(
    METERS.map((meter) => [meter, shares.reduce((all, { use }) => all + use[meter], 0n)]),
  ) as Record<(typeof METERS)[number], bigint>;

export function costByDay(
  days: readonly DayShare[],
): readonly { readonly day: Timestamp; readonly cost: Amount }[] {
  const sums = new Map<Timestamp, Amount>();
  for (const { day, attributed, shared } of days) {
    sums.set(day, ((sums.get(day) ?? NOTHING) + attributed + shared) as Amount);
  }
  return [...sums].map(([day, cost]) => ({ day, cost }));
}

/** What the month will have come to if it goes on as it has: all of it by the time that has passed. */
export function grownToEnd(shares: readonly MonthShare[], now: Timestamp): readonly MonthShare[] {
  const month = monthOf(now);
  const passed = BigInt(Math.max(1, Math.floor((now - month.from) / 1_000)));
  const grown = (value: bigint): bigint => scaled(value as Amount, month.seconds, passed);
  return shares.map((share) => ({
    ...share,
    seconds: grown(share.seconds),
    use: Object.fromEntries(
      METERS.map((meter) => [meter, grown(share.use[meter])]),
    ) as MonthShare['use'],
  }));
}
