import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PLANS, type Plan } from '../domain/tier.ts';
import { NO_USE } from '../domain/use.ts';
import {
  customerNumber,
  hoursWithin,
  rowsByPlan,
  tenantNumber,
  utc,
} from '../testing/ledger-rows.ts';
import { costAtSize, type Margin, marginOf, marginsBy, priceFor, pricesFor } from './margin.ts';
import { type Amount, amount, minus, NOTHING, plus, sumOf, toCoins } from './money.ts';
import { monthOf } from './month.ts';
import { chargesOf, earningsOf } from './plans.ts';
import { PRICE_BOOKS } from './price-presets.ts';
import { TARIFFS } from './tariffs.ts';
import { costOf } from './usage-cost.ts';

const november = monthOf(utc('2026-11-01'));
const MONTH = november.seconds;

const inCents = ({ revenue, cost }: Margin): Margin =>
  marginOf(toCoins(revenue, 'USD'), toCoins(cost, 'USD'));

/** A month of so many customers, each with a tenant in the tier that its plan begins in. */
function monthOfPlans(counts: Readonly<Record<Plan, number>>) {
  const rows = hoursWithin(november.from, november.to).flatMap((hour) => rowsByPlan(counts, hour));
  const first = rowsByPlan(counts, november.from);
  const subscriptions = first.map(({ tenant, plan }, n) => ({
    ...{ tenant, plan, customer: customerNumber(n) },
    ...{ from: utc('2026-01-01'), to: null, trialUntil: null },
  }));
  const charges = chargesOf({ tariffs: TARIFFS, month: november, subscriptions, rows });
  const hours = hoursWithin(november.from, november.to).map((hour, at) => ({
    hour,
    rows: rows.slice(at * first.length, (at + 1) * first.length),
    overhead: NO_USE,
  }));
  const cost = costOf(PRICE_BOOKS.vision, hours);
  return { earnings: earningsOf(charges, rows), rows: cost.rows };
}

function never(): never {
  throw new Error('there is a row');
}

test('a thousand customers of the vision bring in $5,000 and cost $1,270: 74.6 % is left', () => {
  // A tenth of them, ten times.
  const counts = { free: 70, starter: 20, professional: 8, enterprise: 2 };
  const { earnings, rows } = monthOfPlans(counts);
  const tenfold = ({ revenue, cost }: Margin): Margin =>
    inCents(marginOf((revenue * 10n) as Amount, (cost * 10n) as Amount));
  const byPlan = marginsBy(earnings, rows, ({ plan }) => plan);
  const byTier = marginsBy(earnings, rows, ({ tier }) => tier);
  const margin = (revenue: string, cost: string): Margin => marginOf(amount(revenue), amount(cost));
  expect(PLANS.map((plan) => tenfold(byPlan.get(plan) ?? never()))).toEqual([
    margin('0', '70'),
    margin('2000', '400'),
    margin('2000', '400'),
    margin('1000', '400'),
  ]);
  expect([...byTier.keys()].sort()).toEqual(['COLD', 'HOT', 'PERSISTENT', 'WARM']);
  expect(tenfold(byTier.get('HOT') ?? never())).toEqual(margin('2000', '400'));
  const whole = tenfold(marginsBy(earnings, rows, () => 'all').get('all') ?? never());
  expect(whole).toEqual(margin('5000', '1270'));
  expect(whole.profit).toBe(amount('3730'));
  expect(whole.ratio).toBe(0.746);
  const larger = marginOf((whole.revenue * 10n) as Amount, (whole.cost * 10n) as Amount);
  expect(larger.profit).toBe(amount('37300'));
  expect(larger.ratio).toBe(0.746);
  expect(PLANS.map((plan) => tenfold(byPlan.get(plan) ?? never()).ratio)).toEqual([
    ...[null, 0.8, 0.8, 0.6],
  ]);
});

test('what is fixed does not grow with the fleet: ten times the tenants cost less than four times as much', () => {
  const now = { tenants: 1_000, variable: amount('300'), fixed: amount('700') };
  expect(costAtSize(now, 10_000)).toBe(amount('3700'));
  expect(costAtSize(now, 1_000)).toBe(amount('1000'));
  expect(costAtSize(now, 100)).toBe(amount('730'));
});

test('earnings without any recorded use stay earnings', () => {
  const subscription = {
    ...{ tenant: tenantNumber(1), customer: customerNumber(1), plan: 'starter' as const },
    ...{ from: november.from, to: null, trialUntil: null },
  };
  const billing = { tariffs: TARIFFS, month: november, subscriptions: [subscription], rows: [] };
  const [earning] = earningsOf(chargesOf(billing), []);
  expect(earning).toMatchObject({ amount: amount('10'), tier: null, hour: null });
});

test('the lowest price of a step that leaves the margin', () => {
  const target = { marginMills: 750, step: amount('1') };
  expect(priceFor(amount('2'), target)).toBe(amount('8'));
  expect(priceFor(amount('2.000000000001'), target)).toBe(amount('9'));
  expect(priceFor(NOTHING, target)).toBe(NOTHING);
  expect(priceFor(amount('5'), { marginMills: 0, step: amount('0.01') })).toBe(amount('5'));
  fc.assert(
    fc.property(
      fc.bigInt(1n, 10n ** 18n),
      fc.integer({ min: 0, max: 990 }),
      fc.bigInt(1n, 10n ** 13n),
      (cost, marginMills, step) => {
        const price = priceFor(cost as Amount, { marginMills, step: step as Amount });
        const keeps = (at: bigint): boolean => (at - cost) * 1_000n >= at * BigInt(marginMills);
        expect(price % step).toBe(0n);
        expect(keeps(price)).toBe(true);
        expect(keeps(price - step)).toBe(false);
      },
    ),
  );
});

test('prices bear what free tenants cost, so that the whole has the margin', () => {
  const plans = [
    { plan: 'enterprise' as const, seconds: 20n * MONTH, cost: amount('400'), isFree: false },
    { plan: 'free' as const, seconds: 700n * MONTH, cost: amount('70'), isFree: true },
    { plan: 'starter' as const, seconds: 200n * MONTH, cost: amount('400'), isFree: false },
    { plan: 'professional' as const, seconds: 0n, cost: NOTHING, isFree: false },
  ];
  const advice = pricesFor(plans, MONTH, { marginMills: 750, step: amount('0.01') });
  expect(advice).toEqual([
    { plan: 'starter', ownCost: amount('2'), borne: amount('0.175'), price: amount('8.7') },
    { plan: 'enterprise', ownCost: amount('20'), borne: amount('1.75'), price: amount('87') },
  ]);
  const revenue = plus(
    ((advice[0]?.price ?? 0n) * 200n) as Amount,
    ((advice[1]?.price ?? 0n) * 20n) as Amount,
  );
  const cost = sumOf(plans.map((one) => one.cost));
  expect(marginOf(revenue, cost).ratio).toBe(0.75);
  expect(minus(revenue, cost)).toBe(amount('2610'));
});
