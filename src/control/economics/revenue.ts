/**
 * What tenants are charged in a time, by their subscriptions: the same that invoices are made of, trials left out.
 *
 * Plans, customers and trials are known to the second. What was used is known by the day, which is enough wherever all of it counts;
 * of a tenant in its trial that has used more than is included the ledger is asked for the hours.
 */
import type { BillingStore, PlanChange } from '../../domain/billing.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import type { UseLedger } from '../../domain/metering.ts';
import { type Timestamp, timestamp } from '../../domain/units.ts';
import { METERS, type UseRow } from '../../domain/use.ts';
import { type Month, monthOf } from '../../economics/month.ts';
import { type Charge, charging, type Subscription } from '../../economics/plans.ts';
import { inSteps, inTurns, type Steps } from '../../economics/steps.ts';
import { type TariffBook, tariffAt } from '../../economics/tariffs.ts';
import { foldedRows, subscribing } from '../billing/billing-history.ts';
import type { MonthShare } from './cost-sums.ts';

/** By month. */
export type Charges = readonly (readonly [month: Timestamp, charges: readonly Charge[]])[];

export type ChargeWish = {
  readonly tariffs: TariffBook;
  readonly shares: readonly MonthShare[];
  /** Up to now at most; to a month's end where shares are what it will have come to. */
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly tenant?: TenantId | undefined;
  readonly customer?: CustomerId | undefined;
};

/** Throws `CATALOG_DOWN`. */
export type ChargesOf = (wish: ChargeWish) => Promise<Charges>;

export type RevenueWorld = {
  readonly store: Pick<BillingStore, 'planChanges'>;
  readonly ledger: Pick<UseLedger, 'rows'>;
  /** Lets everybody else have his turn. */
  readonly pause: () => Promise<void>;
};

export const billedCharges =
  (world: RevenueWorld): ChargesOf =>
  async (wish) => {
    const { tariffs, from, to, tenant, customer } = wish;
    const changes = await world.store.planChanges({ tenant, customer }, { from, to });
    const subscriptions = await inTurns(spells(changes, wish), world.pause);
    const months: (readonly [Timestamp, readonly Charge[]])[] = [];
    for (let at = from; at < to; at = monthOf(at).to) {
      const month = monthOf(at);
      const rows = await rowsOf(world, { ...wish, month, subscriptions });
      const charges = charging({ tariffs, month, subscriptions, rows });
      months.push([month.from, await inTurns(charges, world.pause)]);
    }
    return months;
  };

/** Who was on which plan within the time. */
function* spells(
  changes: readonly PlanChange[],
  { tariffs, from, to, customer }: ChargeWish,
): Steps<readonly Subscription[]> {
  const own: Subscription[] = [];
  yield* inSteps(yield* subscribing(changes, tariffs), (one) => {
    if (customer !== undefined && one.customer !== customer) return;
    if (one.from < to && (one.to ?? to) > from) own.push(clipped(one, from, to));
  });
  return own;
}

const clipped = (one: Subscription, from: Timestamp, to: Timestamp): Subscription => ({
  ...one,
  from: timestamp(Math.max(one.from, from)),
  to: timestamp(Math.min(one.to ?? to, to)),
});

type MonthWish = ChargeWish & {
  readonly month: Month;
  readonly subscriptions: readonly Subscription[];
};

async function rowsOf(world: RevenueWorld, wish: MonthWish): Promise<readonly UseRow[]> {
  const { month, subscriptions } = wish;
  const { rows, inTrial } = await inTurns(sharesOf(wish), world.pause);
  const hours = {
    from: timestamp(Math.max(wish.from, month.from)),
    to: timestamp(Math.min(wish.to, month.to)),
  };
  if (inTrial.size === 0) return rows;
  const tried = subscriptions.filter(({ tenant }) => inTrial.has(tenant));
  const own = await foldedRows(world.ledger.rows({ ...hours, tenants: [...inTrial] }), tried);
  // Their stays without a trial are there as a whole already.
  const known = new Set(rows.map(keyOf));
  return [...rows, ...own.filter((row) => !known.has(keyOf(row)))];
}

/** What shares say by themselves, and of whom the hours have to be asked for. */
function* sharesOf({ month, subscriptions, shares, tariffs }: MonthWish): Steps<{
  readonly rows: UseRow[];
  readonly inTrial: ReadonlySet<TenantId>;
}> {
  const stays = new Map<string, Subscription[]>();
  yield* inSteps(subscriptions, (one) => {
    if (one.from >= month.to || (one.to ?? month.to) <= month.from) return;
    const known = stays.get(keyOf(one));
    if (known === undefined) stays.set(keyOf(one), [one]);
    else known.push(one);
  });
  const rows: UseRow[] = [];
  const inTrial = new Set<TenantId>();
  yield* inSteps(shares, (share) => {
    const stay = stays.get(keyOf(share));
    if (share.month !== month.from || stay === undefined) return;
    const isTried = stay.some(
      ({ from, trialUntil }) => (trialUntil ?? 0) > Math.max(from, month.from),
    );
    if (!isTried) rows.push(rowOf(share, timestamp(Math.max(stay[0]?.from ?? 0, month.from))));
    else if (hasOverage(tariffs, share)) inTrial.add(share.tenant);
  });
  return { rows, inTrial };
}

const keyOf = ({
  tenant,
  customer,
  plan,
}: {
  readonly tenant: TenantId;
  readonly customer: CustomerId | null;
  readonly plan: string;
}): string => `${tenant} ${customer} ${plan}`;

const rowOf = (
  { tenant, customer, plan, tier, seconds, use }: MonthShare,
  hour: Timestamp,
): UseRow => ({ ...{ tenant, customer, plan, tier, seconds, use }, hour });

/** Whether its use can cost anything at all. */
function hasOverage(tariffs: TariffBook, { plan, month, use }: MonthShare): boolean {
  const { capped, overage } = tariffAt(tariffs, plan, month);
  return !capped && METERS.some((meter) => (overage[meter] ?? 0n) > 0n && use[meter] > 0n);
}
