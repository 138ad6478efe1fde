import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PlanChange } from '../../domain/billing.ts';
import type { TenantId } from '../../domain/ids.ts';
import { addedUse } from '../../domain/use.ts';
import { draftedInvoice } from '../../economics/invoice.ts';
import { amount, sumOf } from '../../economics/money.ts';
import { monthOf } from '../../economics/month.ts';
import { type Charge, chargedIn, chargesOf, type Subscription } from '../../economics/plans.ts';
import { parseTariffs } from '../../economics/tariffs.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import {
  customerNumber,
  type History,
  historyArbitrary,
  hoursWithin,
  rowOf,
  tenantNumber,
  using,
  utc,
} from '../../testing/ledger-rows.ts';
import { MemoryBilling } from '../../testing/memory-billing.ts';
import { GivenLedger, MemoryCosts, MemoryPrices } from '../../testing/memory-economics.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { subscriptionsOf } from '../billing/billing-history.ts';
import { CostDays } from './cost-days.ts';
import { CostDesk } from './cost-desk.ts';
import type { MonthShare } from './cost-sums.ts';
import { PriceDesk } from './price-desk.ts';
import { billedCharges } from './revenue.ts';

const november = monthOf(utc('2026-11-02'));

const TARIFFS = JSON.stringify({
  currency: 'USD',
  versions: [
    {
      plans: {
        starter: {
          month: '12',
          trialDays: 14,
          overage: { egress: '0.09' },
          included: { egress: '1' },
        },
        professional: { month: '25', trialDays: 3, overage: { cpu: '30' } },
      },
    },
  ],
});
const tariffs = parseTariffs(TARIFFS);

/** What has to be noted so that a tenant was on these plans. */
function changesOf(subscriptions: readonly Subscription[]): PlanChange[] {
  const last = new Map<TenantId, Subscription>();
  for (const one of subscriptions) last.set(one.tenant, one);
  return subscriptions.flatMap((one) => {
    const { tenant, customer, plan, from, to } = one;
    const begun = { tenant, name: tenant, customer, plan, at: from };
    return last.get(tenant) === one && to !== null
      ? [begun, { ...begun, plan: null, at: to }]
      : [begun];
  });
}

/** As days are kept: without their hours. */
const pause = async () => {};

function sharesOf(rows: History['rows']): readonly MonthShare[] {
  const sums = new Map<string, MonthShare>();
  for (const { hour: _, ...row } of rows) {
    const key = `${row.tenant} ${row.customer} ${row.plan} ${row.tier}`;
    const one = { ...row, month: november.from, attributed: 0n, shared: 0n, alwaysOn: 0n };
    const before = sums.get(key);
    const sum = before && {
      seconds: before.seconds + row.seconds,
      use: addedUse(before.use, row.use),
    };
    sums.set(key, { ...one, ...sum });
  }
  return [...sums.values()];
}

/** An invoice has its own order: that in which plans began. */
const sorted = (charges: readonly Charge[]): readonly Charge[] =>
  charges.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));

const keyOf = ({ tenant, customer, plan, meter }: Charge): string =>
  `${tenant} ${customer} ${plan} ${meter}`;

test('what is earned in a month is what is billed for it, trials left out, whatever tenants do', async () => {
  await fc.assert(
    fc.asyncProperty(historyArbitrary(november), async ({ subscriptions: given, rows }) => {
      const [store, ledger] = [new MemoryBilling(), new GivenLedger()];
      store.changes.push(...changesOf(given));
      ledger.given = rows;
      const subscriptions = subscriptionsOf(store.changes, tariffs);
      const billed = chargesOf({ tariffs, month: november, subscriptions, rows });
      const { from, to } = november;
      const wish = { tariffs, shares: sharesOf(rows), from, to };
      const [[month, earned = []] = []] = await billedCharges({ store, ledger, pause })(wish);
      expect([month, sorted(earned)]).toEqual([from, sorted(billed)]);
      const customer = customerNumber(1);
      const [[, own] = []] = await billedCharges({ store, ledger, pause })({ ...wish, customer });
      expect(sorted(own ?? [])).toEqual(
        sorted(billed.filter((charge) => charge.customer === customer)),
      );
    }),
    { numRuns: 100 },
  );
});

test('the costs of a closed month bring in what its invoices say, to the cent', async () => {
  const clock = new VirtualClock(utc('2026-12-02'));
  const [store, billing, ledger] = [new MemoryCosts(), new MemoryBilling(), new GivenLedger()];
  const settledUntil = async () => null;
  const prices = await PriceDesk.open({ clock, store: new MemoryPrices(), settledUntil });
  await prices.use('vision');
  await prices.setTariffs(TARIFFS);
  const log = new MemoryLog();
  const days = new CostDays({ clock, log, ledger, store, prices, pause });
  const charges = billedCharges({ store: billing, ledger, pause });
  const namesOf = async () => new Map<string, string>();
  const desk = new CostDesk({ clock, log, store, days, prices, namesOf, charges, pause });
  billing.changes.push(
    ...[1, 2].map((n) => ({
      ...{ tenant: tenantNumber(n), name: `t${n}`, customer: customerNumber(n) },
      ...{ plan: 'starter' as const, at: utc(n === 1 ? '2026-11-01' : '2026-11-25') },
    })),
  );
  await store.addOverhead(utc('2026-11-01'), using({ cpu: 1n }));
  // A tenth of a GB an hour: 33.6 GB in the trial, 38.4 behind it.
  ledger.given = [1, 2].flatMap((n) =>
    hoursWithin(utc(n === 1 ? '2026-11-01' : '2026-11-25'), november.to).map((hour) =>
      rowOf(n, { hour, plan: 'starter', use: using({ egress: 100_000_000n }) }),
    ),
  );
  await days.settle();
  const span = { from: november.from, to: november.to };
  const report = await desk.report(span, { by: 'customer', limit: 9, marginMills: 750 });
  const party = { name: 'x', address: [], taxId: null };
  const subscriptions = subscriptionsOf(billing.changes, prices.tariffs);
  const invoices = [1, 2].map((n) =>
    draftedInvoice({
      ...{ number: `${n}`, issuedAt: november.to, seller: party, buyer: party },
      ...{ names: new Map(), adjustments: [], credits: [], taxes: [] },
      customer: customerNumber(n),
      billing: { tariffs: prices.tariffs, month: november, subscriptions, rows: ledger.given },
    }),
  );
  // 16 of 30 days, and all but 16/30 of the GB that is included; the other is in its trial still.
  expect(invoices.map(({ charged }) => charged)).toEqual([amount('9.81'), 0n]);
  const earned = Number(report.total.revenue) / 1e12;
  expect(earned.toFixed(2)).toBe('9.81');
  expect(report.lines.map(({ revenue }) => Number(revenue) > 0)).toEqual([true, false]);
  const own = await desk.own({ tenant: tenantNumber(1) }, span);
  expect(own.charged).toBe(report.total.revenue);
  expect(sumOf([...own.chargedFor.values()])).toBe(own.charged);
  expect(
    chargedIn(
      (await charges({ ...span, tariffs, shares: [], customer: customerNumber(2) }))[0]?.[1] ?? [],
    ),
  ).toBe(0n);
});
