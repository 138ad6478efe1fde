/** Rows of a ledger, and whole random months of a fleet, for tests of what they cost and bring in. */
import fc from 'fast-check';
import type { CustomerId, TenantId } from '../domain/ids.ts';
import { FIRST_TIER, PLANS, type Plan, TIERS } from '../domain/tier.ts';
import { type Timestamp, timestamp } from '../domain/units.ts';
import { METERS, type Meter, NO_USE, type Use, type UseRow } from '../domain/use.ts';
import { HOUR_MS, type Month } from '../economics/month.ts';
import type { Subscription } from '../economics/plans.ts';

export const tenantNumber = (n: number): TenantId =>
  `tn_${n.toString(36).padStart(12, '0')}` as TenantId;

export const customerNumber = (n: number): CustomerId =>
  `cu_${n.toString(36).padStart(12, '0')}` as CustomerId;

export const utc = (text: string): Timestamp => timestamp(Date.parse(text));

export const using = (some: Partial<Record<Meter, bigint>>): Use => ({ ...NO_USE, ...some });

/** A whole hour of tenant and customer number `n`. */
export const rowOf = (n: number, change: Partial<UseRow> = {}): UseRow => ({
  tenant: tenantNumber(n),
  customer: customerNumber(n),
  plan: 'free',
  tier: 'COLD',
  hour: utc('2026-11-02T09:00Z'),
  seconds: 3_600n,
  use: NO_USE,
  ...change,
});

/** So many tenants of each plan, all in the tier that it begins in. */
export function rowsByPlan(
  counts: Readonly<Record<Plan, number>>,
  hour: Timestamp,
): readonly UseRow[] {
  let n = 0;
  return PLANS.flatMap((plan) =>
    Array.from({ length: counts[plan] }, () => rowOf(n++, { plan, tier: FIRST_TIER[plan], hour })),
  );
}

export const hoursWithin = (from: Timestamp, to: Timestamp): readonly Timestamp[] =>
  Array.from({ length: (to - from) / HOUR_MS }, (_, at) => timestamp(from + at * HOUR_MS));

/** Tenants that change plans, customers and tiers within a month, and what they used in it. */
export type History = {
  readonly subscriptions: readonly Subscription[];
  readonly rows: readonly UseRow[];
};

/** Of what an hour may hold of each meter: small figures too, which round. */
const useArbitrary: fc.Arbitrary<Use> = fc
  .tuple(...METERS.map(() => fc.oneof(fc.bigInt(0n, 10n), fc.bigInt(0n, 10_000_000_000_000n))))
  .map((amounts) =>
    using(Object.fromEntries(METERS.map((meter, at) => [meter, amounts[at] ?? 0n]))),
  );

type Stay = {
  readonly customer: number;
  readonly plan: Plan;
  /** Seconds from the beginning of the one before it. */
  readonly lasts: number;
  readonly trial: number | null;
};

const stayArbitrary: fc.Arbitrary<Stay> = fc.record({
  customer: fc.integer({ min: 0, max: 3 }),
  plan: fc.constantFrom(...PLANS),
  lasts: fc.integer({ min: 1, max: 20 * 86_400 }),
  trial: fc.option(fc.integer({ min: 0, max: 10 * 86_400 }), { nil: null, freq: 4 }),
});

type Hour = { readonly at: number; readonly tier: number; readonly use: Use };

export const historyArbitrary = (month: Month): fc.Arbitrary<History> => {
  const hour: fc.Arbitrary<Hour> = fc.record({
    at: fc.integer({ min: 0, max: Number(month.seconds) / 3_600 - 1 }),
    tier: fc.integer({ min: 0, max: TIERS.length - 1 }),
    use: useArbitrary,
  });
  const tenant = fc.record({
    before: fc.integer({ min: -5 * 86_400, max: 5 * 86_400 }),
    stays: fc.array(stayArbitrary, { minLength: 1, maxLength: 4 }),
    hours: fc.uniqueArray(hour, { selector: ({ at }) => at, maxLength: 6 }),
  });
  return fc.array(tenant, { minLength: 1, maxLength: 6 }).map((tenants) => {
    const subscriptions = tenants.flatMap(({ before, stays }, n) =>
      followed(n, month.from + before * 1_000, stays),
    );
    const rows = tenants.flatMap(({ hours }, n) =>
      hours.flatMap((one) => rowsOf(n, one, month, subscriptions)),
    );
    return { subscriptions, rows };
  });
};

function followed(n: number, start: number, stays: readonly Stay[]): readonly Subscription[] {
  let from = start;
  return stays.map(({ customer, plan, lasts, trial }) => {
    const begun = timestamp(from);
    from += lasts * 1_000;
    return {
      tenant: tenantNumber(n),
      customer: customerNumber(customer),
      plan,
      from: begun,
      to: timestamp(from),
      trialUntil: trial === null ? null : timestamp(begun + trial * 1_000),
    };
  });
}

/** A row for each plan that the tenant was on in the hour; its whole use in the first. */
function rowsOf(
  n: number,
  { at, tier, use }: Hour,
  month: Month,
  subscriptions: readonly Subscription[],
): readonly UseRow[] {
  const hour = timestamp(month.from + at * HOUR_MS);
  const within = subscriptions.filter(
    ({ tenant, from, to }) =>
      tenant === tenantNumber(n) && from < hour + HOUR_MS && (to ?? hour + HOUR_MS) > hour,
  );
  return within.map(({ customer, plan, from, to }, place) => ({
    tenant: tenantNumber(n),
    customer,
    plan,
    tier: TIERS[tier] ?? 'COLD',
    hour,
    seconds: BigInt(
      Math.floor(Math.min(to ?? hour + HOUR_MS, hour + HOUR_MS) / 1_000) -
        Math.floor(Math.max(from, hour) / 1_000),
    ),
    use: place === 0 ? use : NO_USE,
  }));
}
