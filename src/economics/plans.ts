/**
 * What a month of tenants on their plans brings in: subscriptions and what was used beyond them.
 *
 * The rules, all by the second and in UTC:
 *   - a tenant pays its plan's price for the part of the month that it is on the plan;
 *   - what is included is included for the same part, rounded up in the customer's favour;
 *   - use under one plan is not set off against what another included;
 *   - in a trial nothing is charged: neither the price nor what was used in hours that began before its end.
 */
import { assert } from '../domain/assert.ts';
import type { CustomerId, TenantId } from '../domain/ids.ts';
import type { Plan, Tier } from '../domain/tier.ts';
import { hours, type Timestamp, timestamp } from '../domain/units.ts';
import { baseUnits, METERS, type Meter, NO_USE, type Scale, type UseRow } from '../domain/use.ts';
import { type Amount, allocated, NOTHING, ONE, plus, scaled } from './money.ts';
import { hourOf, type Month, secondsIn } from './month.ts';
import { finished, inOrder, inSteps, type Steps } from './steps.ts';
import { type Tariff, type TariffBook, tariffAt } from './tariffs.ts';

/** A tenant was on a plan. Those of one tenant follow each other and do not overlap. */
export type Subscription = {
  readonly tenant: TenantId;
  /** Who pays. */
  readonly customer: CustomerId;
  readonly plan: Plan;
  readonly from: Timestamp;
  /** Null while it lasts. */
  readonly to: Timestamp | null;
  /** Until when nothing is charged; null for no trial. */
  readonly trialUntil: Timestamp | null;
};

/** One thing that one tenant is charged for in one month. */
export type Charge = {
  readonly tenant: TenantId;
  readonly customer: CustomerId;
  readonly plan: Plan;
  /** Null for the subscription, else what was used beyond it. */
  readonly meter: Meter | null;
  /** Seconds on the plan, or base units of the meter. */
  readonly quantity: bigint;
  readonly price: Amount;
  /** What so much costs the price. */
  readonly per: bigint;
  readonly amount: Amount;
};

export type Billing = {
  readonly tariffs: TariffBook;
  readonly month: Month;
  readonly subscriptions: readonly Subscription[];
  /** Of the month; others are left out. */
  readonly rows: readonly UseRow[];
};

/** How long a trial of the plan that begins then is. */
export function trialFrom(book: TariffBook, plan: Plan, from: Timestamp): Timestamp | null {
  const { trialDays } = tariffAt(book, plan, from);
  return trialDays === 0 ? null : timestamp(from + hours(24 * trialDays));
}

/**
 * In the order in which plans began, then of meters, whatever the order of what is given: an invoice that is made
 * again has to be the same. Never less than nothing.
 */
export const chargesOf = (billing: Billing): readonly Charge[] => finished(charging(billing));

/** The same in steps. */
export function* charging({
  tariffs,
  month,
  subscriptions,
  rows,
}: Billing): Steps<readonly Charge[]> {
  const stays = yield* staysIn(month, subscriptions);
  const used = yield* useOf(stays, rows);
  const charges = yield* inSteps([...stays], ([key, stay]) => {
    const tariff = tariffAt(tariffs, stay.plan, month.from);
    return [
      ...subscriptionOf(tariff, month, stay),
      ...overageOf(tariff, month, stay, used.get(key) ?? {}),
    ];
  });
  return charges.flat();
}

/**
 * What rows of one month come to by themselves, as if their hours were all that there is of the month: what is included
 * counts for as long as the rows do. For whole months without trials these are the charges.
 */
export function accruedOf(
  tariffs: TariffBook,
  month: Month,
  rows: readonly (Who & Pick<UseRow, 'seconds' | 'use'>)[],
): readonly Charge[] {
  const stays = new Map<string, { readonly stay: Stay; readonly used: Record<Meter, bigint> }>();
  for (const row of rows) {
    const { tenant, customer, plan } = row;
    // Nobody pays for a tenant of nobody.
    if (customer === null) continue;
    const key = keyOf(row);
    const { stay, used } = stays.get(key) ?? {
      stay: { tenant, customer, plan, seconds: 0n, spans: [] },
      used: { ...NO_USE },
    };
    for (const meter of METERS) used[meter] += row.use[meter];
    stays.set(key, { stay: { ...stay, seconds: stay.seconds + row.seconds }, used });
  }
  return [...stays.values()].flatMap(({ stay, used }) => {
    const tariff = tariffAt(tariffs, stay.plan, month.from);
    return [...subscriptionOf(tariff, month, stay), ...overageOf(tariff, month, stay, used)];
  });
}

/** What one tenant spent under one plan for one customer in the month, its trial left out. */
type Stay = Pick<Charge, 'tenant' | 'customer' | 'plan'> & {
  readonly seconds: bigint;
  readonly spans: readonly Span[];
};

/** Hours are charged that begin in it. */
type Span = { readonly from: Timestamp; readonly to: Timestamp };

type Who = Pick<UseRow, 'tenant' | 'customer' | 'plan'>;

const keyOf = ({ tenant, customer, plan }: Who): string => `${tenant} ${customer} ${plan}`;

function* staysIn(
  month: Month,
  subscriptions: readonly Subscription[],
): Steps<ReadonlyMap<string, Stay>> {
  const stays = new Map<string, Stay>();
  const ends = new Map<TenantId, Timestamp>();
  yield* inSteps(yield* inOrder(subscriptions, byBeginning), (one) => {
    assert(one.from >= (ends.get(one.tenant) ?? 0), 'a tenant is on one plan at a time');
    ends.set(one.tenant, one.to ?? timestamp(Number.POSITIVE_INFINITY));
    const { tenant, customer, plan } = one;
    const from = timestamp(Math.max(one.from, one.trialUntil ?? 0, month.from));
    const to = timestamp(Math.min(one.to ?? month.to, month.to));
    if (to <= from) return;
    const inTrial = (one.trialUntil ?? 0) === from;
    const { seconds, spans } = stays.get(keyOf(one)) ?? { seconds: 0n, spans: [] };
    stays.set(keyOf(one), {
      ...{ tenant, customer, plan },
      seconds: seconds + secondsIn(from, to),
      spans: [...spans, { from: inTrial ? from : hourOf(from), to }],
    });
  });
  return stays;
}

const byBeginning = (one: Subscription, other: Subscription): number =>
  one.from - other.from || (one.tenant < other.tenant ? -1 : 1);

type Used = Partial<Record<Meter, bigint>>;

/** By stay, whose spans lie within the month. An hour in which a trial ends is the trial's. */
function* useOf(
  stays: ReadonlyMap<string, Stay>,
  rows: readonly UseRow[],
): Steps<ReadonlyMap<string, Used>> {
  const used = new Map<string, Used>();
  yield* inSteps(rows, (row) => {
    const key = keyOf(row);
    const stay = stays.get(key);
    if (!stay?.spans.some(({ from, to }) => row.hour >= from && row.hour < to)) return;
    const sum = used.get(key) ?? {};
    for (const meter of METERS) sum[meter] = (sum[meter] ?? 0n) + row.use[meter];
    used.set(key, sum);
  });
  return used;
}

const subscriptionOf = (tariff: Tariff, month: Month, stay: Stay): readonly Charge[] =>
  tariff.month === 0n
    ? []
    : [
        {
          ...whoOf(stay),
          meter: null,
          quantity: stay.seconds,
          price: tariff.month,
          per: month.seconds,
          amount: scaled(tariff.month, stay.seconds, month.seconds),
        },
      ];

function overageOf(tariff: Tariff, month: Month, stay: Stay, used: Used): readonly Charge[] {
  if (tariff.capped) return [];
  return METERS.flatMap((meter) => {
    const price = tariff.overage[meter];
    const quantity = (used[meter] ?? 0n) - includedOf(tariff, meter, month, stay.seconds);
    if (price === undefined || price === 0n || quantity <= 0n) return [];
    const per = baseUnits(meter, scaleOf(month));
    return [{ ...whoOf(stay), meter, quantity, price, per, amount: scaled(price, quantity, per) }];
  });
}

const whoOf = ({ tenant, customer, plan }: Stay): Pick<Charge, 'tenant' | 'customer' | 'plan'> => ({
  tenant,
  customer,
  plan,
});

/** A customer's GB is 1000³ bytes, and his GB-month the month's own length. */
const scaleOf = (month: Month): Scale => ({
  monthSeconds: month.seconds,
  gigabyte: 1_000_000_000n,
});

/** In base units, for so many seconds of the month, rounded up. */
export function includedOf(tariff: Tariff, meter: Meter, month: Month, seconds: bigint): bigint {
  const whole = (tariff.included[meter] ?? 0n) * baseUnits(meter, scaleOf(month)) * seconds;
  const by = ONE * month.seconds;
  return (whole + by - 1n) / by;
}

/** What was earned in an hour of a tenant; hour and tier are null where no use was recorded to lay it on. */
export type Earning = Pick<Charge, 'tenant' | 'customer' | 'plan' | 'amount'> & {
  readonly hour: Timestamp | null;
  readonly tier: Tier | null;
};

/** Charges laid on the hours in which their tenants were there, by the second. Together they are the charges. */
export const earningsOf = (
  charges: readonly Charge[],
  rows: readonly UseRow[],
): readonly Earning[] => finished(earning(charges, rows));

/** The same in steps. */
export function* earning(
  charges: readonly Charge[],
  rows: readonly UseRow[],
): Steps<readonly Earning[]> {
  const places = new Map<string, UseRow[]>();
  yield* inSteps(rows, (row) => {
    const place = places.get(keyOf(row));
    if (place === undefined) places.set(keyOf(row), [row]);
    else place.push(row);
  });
  const earnings = yield* inSteps(charges, ({ tenant, customer, plan, amount }) => {
    const place = places.get(keyOf({ tenant, customer, plan })) ?? [];
    if (place.length === 0) return [{ tenant, customer, plan, amount, hour: null, tier: null }];
    const weights = place.map(({ seconds }) => seconds);
    return allocated(amount, weights).map((part, at): Earning => {
      const { hour = null, tier = null } = place[at] ?? {};
      return { tenant, customer, plan, amount: part, hour, tier };
    });
  });
  return earnings.flat();
}

export const chargedIn = (charges: Iterable<Charge>): Amount => {
  let sum = NOTHING;
  for (const { amount } of charges) sum = plus(sum, amount);
  return sum;
};
