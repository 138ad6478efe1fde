/** From the ledger to the outbox: what customers used in each hour, in the provider's whole units. */
import type { BillingSettings } from '../domain/billing.ts';
import type { CustomerId } from '../domain/ids.ts';
import type { UseLedger } from '../domain/metering.ts';
import type { MeterUsed, NewOutboxItem, PaymentStore } from '../domain/payment.ts';
import { hours, later, ms, type Timestamp } from '../domain/units.ts';
import { METERS, type Meter } from '../domain/use.ts';
import { HOUR_MS, hourOf, monthOf } from '../economics/month.ts';
import { type TariffBook, tariffAt } from '../economics/tariffs.ts';

export type FeedWorld = {
  readonly store: Pick<PaymentStore, 'toldUntil' | 'used' | 'tell'>;
  readonly ledger: Pick<UseLedger, 'rows'>;
  readonly tariffs: () => Promise<TariffBook>;
  /** SHA-256 as hexadecimal text. */
  readonly digest: (text: string) => string;
};

/** What was used in an hour is counted by then. */
const LATE = hours(2);

/**
 * Tells of every hour that is over and counted, from the one in which it was first asked to. Whole units are told of the
 * month's sum, so that what is too little in one hour is in a later one, and nothing is lost to rounding but the last part of
 * a unit in a month.
 */
export async function feedHours(
  world: FeedWorld,
  meters: BillingSettings['meters'],
  now: Timestamp,
): Promise<void> {
  for (;;) {
    const from = await world.store.toldUntil(hourOf(now));
    const to = later(from, ms(HOUR_MS));
    if (later(to, LATE) > now) return;
    const hour = await hourNews(world, meters, from, to);
    if (!(await world.store.tell({ from, to, ...hour }))) return;
  }
}

async function hourNews(
  { store, ledger, tariffs, digest }: FeedWorld,
  meters: BillingSettings['meters'],
  from: Timestamp,
  to: Timestamp,
): Promise<{ readonly used: readonly MeterUsed[]; readonly items: readonly NewOutboxItem[] }> {
  const month = monthOf(from).name;
  const book = await tariffs();
  const told = METERS.flatMap((meter) => {
    const unit = meters[meter];
    return unit === undefined ? [] : [{ meter, event: unit.event, per: BigInt(unit.per) }];
  });
  const sums = new Map<string, MeterUsed>();
  for await (const { customer, plan, use } of ledger.rows({ from, to })) {
    // Nobody pays for what a capped plan did not stop.
    if (customer === null || tariffAt(book, plan, from).capped) continue;
    for (const { meter } of told) add(sums, { customer, month, meter, used: use[meter] });
  }
  const before = new Map((await store.used(month)).map((one) => [keyOf(one), one.used]));
  const used: MeterUsed[] = [];
  const items: NewOutboxItem[] = [];
  for (const { meter, event, per } of told) {
    for (const one of sums.values()) {
      if (one.meter !== meter || one.used === 0n) continue;
      const was = before.get(keyOf(one)) ?? 0n;
      const is = was + one.used;
      used.push({ ...one, used: is });
      const value = is / per - was / per;
      if (value === 0n) continue;
      const { customer } = one;
      items.push({
        customer,
        key: digest(`${customer} ${new Date(from).toISOString()} ${meter}`),
        news: { kind: 'meter', meter, event, value: value.toString(), hour: from },
      });
    }
  }
  return { used, items };
}

const keyOf = ({ customer, meter }: { readonly customer: CustomerId; readonly meter: Meter }) =>
  `${customer} ${meter}`;

function add(sums: Map<string, MeterUsed>, one: MeterUsed): void {
  const key = keyOf(one);
  sums.set(key, { ...one, used: one.used + (sums.get(key)?.used ?? 0n) });
}
