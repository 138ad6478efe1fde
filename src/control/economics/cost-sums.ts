/** Costs and earnings together by what somebody asks for, from sums that are settled and those that are running. */
import type { CostShare } from '../../domain/economics.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import type { Plan, Tier } from '../../domain/tier.ts';
import type { Timestamp } from '../../domain/units.ts';
import type { UseRow } from '../../domain/use.ts';
import {
  type Amount,
  allocated,
  minus,
  NOTHING,
  plus,
  ratioOf,
  sumOf,
} from '../../economics/money.ts';
import { monthOf } from '../../economics/month.ts';
import { type Charge, earning } from '../../economics/plans.ts';
import { finished, inSteps, type Steps } from '../../economics/steps.ts';
import type { Charges } from './revenue.ts';

export type MonthShare = CostShare & { readonly month: Timestamp };

export type DayShare = Omit<CostShare, 'tenant' | 'customer' | 'use'> & { readonly day: Timestamp };

export const COST_KEYS = ['tenant', 'tier', 'plan', 'customer', 'day'] as const;
export type CostKey = (typeof COST_KEYS)[number];

/** Why there is no margin to tell. */
export const MARGIN_UNKNOWN = ['another currency', 'no revenue', 'too early'] as const;
type MarginUnknown = (typeof MARGIN_UNKNOWN)[number];

/** Of one key, or of all. Revenue is null where tariffs and prices are in two currencies. */
export type CostLine = {
  readonly attributed: Amount;
  readonly shared: Amount;
  readonly cost: Amount;
  readonly alwaysOn: Amount;
  /** Of its own use against the same use always on: what nobody used is on neither side. */
  readonly reduction: number | null;
  readonly revenue: Amount | null;
  readonly profit: Amount | null;
  readonly margin: number | null;
  /** Null where there is a margin. */
  readonly marginUnknown: MarginUnknown | null;
  readonly seconds: bigint;
};

/** `charged` is null where that is in another currency. */
export type Earned = { readonly charged: Charges | null; readonly isEarly: boolean };

type Sums = Record<'attributed' | 'shared' | 'alwaysOn' | 'revenue' | 'seconds', bigint>;

const NO_SUMS: Sums = { attributed: 0n, shared: 0n, alwaysOn: 0n, revenue: 0n, seconds: 0n };

/** What is paid by the hour or the day, machines and minimums, says nothing when laid on minutes of use. */
const EARLY_SECONDS = 86_400n;

/** Nobody of them has been there for a day yet. */
export function isEarly(shares: readonly Pick<CostShare, 'tenant' | 'seconds'>[]): boolean {
  const there = new Map<TenantId, bigint>();
  for (const { tenant, seconds } of shares) {
    const sum = (there.get(tenant) ?? 0n) + seconds;
    if (sum >= EARLY_SECONDS) return false;
    there.set(tenant, sum);
  }
  return true;
}

function lineOf(sums: Sums, hasRevenue: boolean, early: boolean): CostLine {
  const { attributed, shared, alwaysOn, seconds } = sums;
  const revenue = hasRevenue ? (sums.revenue as Amount) : null;
  return withCost(
    {
      ...{ attributed: attributed as Amount, shared: shared as Amount, seconds, revenue },
      ...{ alwaysOn: alwaysOn as Amount, reduction: ratioOf(alwaysOn - attributed, alwaysOn) },
    },
    { cost: (attributed + shared) as Amount, isEarly: early || seconds < EARLY_SECONDS },
  );
}

/** The line with what is left of its revenue. */
export function withCost(
  line: Omit<CostLine, 'cost' | 'profit' | 'margin' | 'marginUnknown'>,
  { cost, isEarly: early }: { readonly cost: Amount; readonly isEarly: boolean },
): CostLine {
  const { revenue } = line;
  const profit = revenue === null ? null : minus(revenue, cost);
  const marginUnknown = unknownMargin(revenue, early);
  const margin = profit === null || marginUnknown !== null ? null : ratioOf(profit, revenue ?? 0n);
  return { ...line, cost, profit, margin, marginUnknown };
}

function unknownMargin(revenue: Amount | null, early: boolean): MarginUnknown | null {
  if (revenue === null) return 'another currency';
  if (revenue === 0n) return 'no revenue';
  return early ? 'too early' : null;
}

/** The name under which a place is summed; null for tenants of nobody. */
const KEYS: Readonly<
  Record<
    Exclude<CostKey, 'day'>,
    (of: {
      readonly tenant: TenantId;
      readonly customer: CustomerId | null;
      readonly plan: Plan;
      readonly tier: Tier | null;
    }) => string | null
  >
> = {
  tenant: ({ tenant }) => tenant,
  customer: ({ customer }) => customer,
  plan: ({ plan }) => plan,
  tier: ({ tier }) => tier,
};

/** By anything but days, in no order. */
export const linesBy = (
  by: Exclude<CostKey, 'day'>,
  shares: readonly MonthShare[],
  earned: Earned,
): ReadonlyMap<string | null, CostLine> => finished(liningBy(by, shares, earned));

/** The same in steps. */
export function* liningBy(
  by: Exclude<CostKey, 'day'>,
  shares: readonly MonthShare[],
  { charged, isEarly: early }: Earned,
): Steps<ReadonlyMap<string | null, CostLine>> {
  const keyOf = KEYS[by];
  const sums = new Map<string | null, Sums>();
  const of = (key: string | null): Sums => {
    const known = sums.get(key);
    if (known !== undefined) return known;
    const made = { ...NO_SUMS };
    sums.set(key, made);
    return made;
  };
  yield* inSteps(shares, (share) => add(of(keyOf(share)), share));
  for (const [month, charges] of charged ?? []) {
    const places: (MonthShare & Pick<UseRow, 'hour'>)[] = [];
    yield* inSteps(shares, (share) => {
      if (share.month === month) places.push({ ...share, hour: month });
    });
    const earnings = yield* earning(charges, places);
    yield* inSteps(earnings, (one) => {
      of(keyOf(one)).revenue += one.amount;
    });
  }
  const lines = yield* inSteps(
    [...sums],
    ([key, sum]) => [key, lineOf(sum, charged !== null, early)] as const,
  );
  return new Map(lines);
}

/** By day; what a plan earns in a month is laid on its days by the time that tenants were there. */
export function linesByDay(
  days: readonly DayShare[],
  { charged, isEarly: early }: Earned,
): ReadonlyMap<Timestamp, CostLine> {
  const sums = new Map<Timestamp, Sums>();
  for (const share of days) {
    const sum = sums.get(share.day) ?? { ...NO_SUMS };
    sums.set(share.day, sum);
    add(sum, share);
  }
  for (const [month, charges] of charged ?? []) {
    for (const [plan, of] of Map.groupBy(charges, (charge) => charge.plan)) {
      const on = days.filter((day) => day.plan === plan && monthOf(day.day).from === month);
      if (on.length === 0) continue;
      const parts = allocated(
        sumOf(of.map(({ amount }) => amount)),
        on.map(({ seconds }) => seconds),
      );
      on.forEach(({ day }, at) => {
        const sum = sums.get(day);
        if (sum !== undefined) sum.revenue += parts[at] ?? 0n;
      });
    }
  }
  return new Map([...sums].map(([day, sum]) => [day, lineOf(sum, charged !== null, early)]));
}

function add(sum: Sums, share: Pick<CostShare, 'attributed' | 'shared' | 'alwaysOn' | 'seconds'>) {
  sum.attributed += share.attributed;
  sum.shared += share.shared;
  sum.alwaysOn += share.alwaysOn;
  sum.seconds += share.seconds;
}

/** All of them, as one. */
export function together(lines: Iterable<CostLine>, early: boolean): CostLine {
  const sum: Sums = { ...NO_SUMS };
  let hasRevenue = true;
  for (const line of lines) {
    add(sum, line);
    if (line.revenue === null) hasRevenue = false;
    else sum.revenue += line.revenue;
  }
  return lineOf(sum, hasRevenue, early);
}

/** What is charged for each thing, over all tenants. */
export function chargedFor(charges: Charges): ReadonlyMap<Charge['meter'], Amount> {
  const sums = new Map<Charge['meter'], Amount>();
  for (const { meter, amount } of charges.flatMap(([, of]) => of)) {
    sums.set(meter, plus(sums.get(meter) ?? NOTHING, amount));
  }
  return sums;
}
