/** Shares of days, put together: by month, by day, and to what a month will have come to. */
import type { CostShare } from '../../domain/economics.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import { type Timestamp, timestamp } from '../../domain/units.ts';
import { addedUse, METERS, type Use } from '../../domain/use.ts';
import { type Amount, NOTHING, scaled } from '../../economics/money.ts';
import { monthOf } from '../../economics/month.ts';
import { inSteps, type Steps } from '../../economics/steps.ts';
import type { DaySpan } from '../day-span.ts';
import type { DayBooked } from './cost-days.ts';
import type { DayShare, MonthShare } from './cost-sums.ts';

/** Of whom; of all where neither is said. */
export type Of = {
  readonly tenant?: TenantId | undefined;
  readonly customer?: CustomerId | undefined;
};

export const isAll = ({ tenant, customer }: Of): boolean =>
  tenant === undefined && customer === undefined;

/** Days of a span that are not settled, and those that stand before them. */
export type Parted = { readonly running: readonly DayBooked[]; readonly settled: DaySpan };

export function partedIn(span: DaySpan, unsettled: readonly DayBooked[]): Parted {
  const running = unsettled.filter(({ fleet }) => fleet.day >= span.from && fleet.day < span.to);
  const first = running[0]?.fleet.day ?? span.to;
  return { running, settled: { from: span.from, to: timestamp(Math.min(first, span.to)) } };
}

/** The day with nobody else's shares. */
export const onlyOf = (day: DayBooked, { tenant, customer }: Of): DayBooked => ({
  fleet: day.fleet,
  shares: day.shares
    .filter((share) => tenant === undefined || share.tenant === tenant)
    .filter((share) => customer === undefined || share.customer === customer),
});

/** One line for each place and month, of what is settled and of days that are not. */
export function* joining(
  settled: readonly MonthShare[],
  days: readonly DayBooked[],
): Steps<readonly MonthShare[]> {
  if (days.length === 0) return settled;
  const sums = new Map<string, MonthShare>();
  const take = (share: CostShare, month: Timestamp): void => {
    const { tenant, customer, plan, tier } = share;
    const key = `${month} ${tenant} ${customer} ${plan} ${tier}`;
    const before = sums.get(key);
    sums.set(key, before === undefined ? { ...share, month } : added(before, share));
  };
  yield* inSteps(settled, (share) => take(share, share.month));
  for (const { fleet, shares } of days) {
    const month = monthOf(fleet.day).from;
    yield* inSteps(shares, (share) => take(share, month));
  }
  return [...sums.values()];
}

const added = (one: MonthShare, other: CostShare): MonthShare => ({
  ...one,
  use: addedUse(one.use, other.use),
  seconds: one.seconds + other.seconds,
  attributed: one.attributed + other.attributed,
  shared: one.shared + other.shared,
  alwaysOn: one.alwaysOn + other.alwaysOn,
});

/** By day, plan and tier. */
export function* daily(days: readonly DayBooked[]): Steps<readonly DayShare[]> {
  const all: DayShare[] = [];
  for (const { fleet, shares } of days) {
    const sums = new Map<string, DayShare>();
    yield* inSteps(shares, ({ plan, tier, seconds, attributed, shared, alwaysOn }) => {
      const key = `${plan} ${tier}`;
      const before = sums.get(key);
      sums.set(key, {
        ...{ day: fleet.day, plan, tier },
        seconds: seconds + (before?.seconds ?? 0n),
        attributed: attributed + (before?.attributed ?? 0n),
        shared: shared + (before?.shared ?? 0n),
        alwaysOn: alwaysOn + (before?.alwaysOn ?? 0n),
      });
    });
    all.push(...sums.values());
  }
  return all;
}

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
