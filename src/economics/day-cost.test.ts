import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PLANS, TIERS } from '../domain/tier.ts';
import { METERS, NO_USE, type UseRow } from '../domain/use.ts';
import {
  customerNumber,
  hoursWithin,
  rowOf,
  tenantNumber,
  using,
  utc,
} from '../testing/ledger-rows.ts';
import { type DayCost, DayCosts } from './day-cost.ts';
import { amount, plus, sumOf } from './money.ts';
import { monthOf } from './month.ts';
import { accruedOf, chargedIn, chargesOf } from './plans.ts';
import type { PriceBook } from './price-book.ts';
import { parsePriceBook } from './price-file.ts';
import { PRICE_BOOKS, PRICE_PRESETS } from './price-presets.ts';
import { priceDocument, tariffDocument } from './price-text.ts';
import { finished } from './steps.ts';
import { parseTariffs, TARIFFS } from './tariffs.ts';
import { alwaysOnCost, costOf } from './usage-cost.ts';

const day = utc('2026-11-02');
const hours = hoursWithin(day, utc('2026-11-03'));

const rowArbitrary: fc.Arbitrary<UseRow> = fc
  .record({
    n: fc.nat({ max: 5 }),
    hour: fc.constantFrom(...hours),
    plan: fc.constantFrom(...PLANS),
    tier: fc.constantFrom(...TIERS),
    seconds: fc.bigInt(0n, 3_600n),
    use: fc.tuple(...METERS.map(() => fc.bigInt(0n, 10n ** 13n))),
  })
  .map(({ n, use, ...rest }) =>
    rowOf(n, {
      ...rest,
      use: using(Object.fromEntries(METERS.map((meter, at) => [meter, use[at] ?? 0n]))),
    }),
  );

const [OWN] = PRICE_BOOKS['own-hardware'].versions;

/** A machine so small that it is all used. */
const CROWDED: PriceBook = {
  ...PRICE_BOOKS['own-hardware'],
  versions: [{ ...OWN, machines: OWN.machines.map((one) => ({ ...one, memoryGb: 1, diskGb: 1 })) }],
};

const DEARER_AT_NOON: PriceBook = {
  ...PRICE_BOOKS.railway,
  versions: [
    PRICE_BOOKS.railway.versions[0],
    { ...OWN, from: hours[12] ?? day, sharing: 'by-tenant' },
  ],
};

test('a day hour by hour costs what it costs as a whole, and its shares are all that somebody bears', () => {
  const overhead = using({ memory: 10n ** 12n, cpu: 40_000_000n });
  fc.assert(
    fc.property(
      fc.constantFrom(...PRICE_PRESETS),
      fc.array(rowArbitrary, { maxLength: 60 }),
      (preset, rows) => {
        const book = PRICE_BOOKS[preset];
        const fleet = hours.map((hour) => ({
          ...{ hour, overhead },
          rows: rows.filter((row) => row.hour === hour),
        }));
        const costs = new DayCosts(book);
        for (const hour of fleet) costs.add(hour);
        const { shares, ...totals } = costs.done();
        const whole = costOf(book, fleet);
        const { total, machines, minimum } = totals;
        const { overhead: ours, idle } = totals;
        expect({ total, machines, minimum, overhead: ours, idle }).toEqual({
          ...{ total: whole.total, machines: whole.machines },
          minimum: whole.unattributed.minimum,
          overhead: whole.unattributed.overhead,
          idle: whole.unattributed.idle,
        });
        const borne = sumOf(shares.map(({ attributed, shared }) => plus(attributed, shared)));
        expect(borne + totals.unborne).toBe(total);
        expect(sumOf(totals.hours)).toBe(total);
        expect(totals.alwaysOn).toBe(alwaysOnCost(book, rows));
        expect(sumOf(shares.map(({ alwaysOn }) => alwaysOn))).toBe(totals.alwaysOn);
      },
    ),
    { numRuns: 60 },
  );
});

test('who rests through hours is told once, and all comes out as if every hour had a row of it', () => {
  const overheads = fc.array(fc.bigInt(0n, 10n ** 13n), { minLength: 24, maxLength: 24 });
  // Customers, plans and tiers of their own, so that the order of rows is no accident.
  const rests = fc.array(
    fc.tuple(rowArbitrary, fc.nat({ max: 3 }), fc.integer({ min: 1, max: 23 })),
    {
      ...{ minLength: 1, maxLength: 9 },
    },
  );
  const book = fc.constantFrom(...PRICE_PRESETS).map((preset) => PRICE_BOOKS[preset]);
  const twice = fc.constantFrom<PriceBook>(CROWDED, DEARER_AT_NOON);
  fc.assert(
    fc.property(
      fc.oneof(book, twice),
      fc.array(rowArbitrary, { maxLength: 40 }),
      rests,
      overheads,
      (prices, some, resting, ours) => {
        const rows = some.map((row) => ({
          ...row,
          tenant: tenantNumber(2 * Number(row.seconds % 9n)),
        }));
        const asleep = resting.map(([row, customer, until], at) => ({
          ...{ until, customer: customerNumber(customer), tenant: tenantNumber(2 * at + 1) },
          row: { ...row, seconds: 3_600n },
        }));
        const [each, once] = [new DayCosts(prices), new DayCosts(prices)];
        let told = -1;
        for (const [at, hour] of hours.entries()) {
          const own = inOrderOf(rows.filter((row) => row.hour === hour));
          const sleeping = inOrderOf(
            asleep
              .filter(({ until }) => at < until)
              .map(({ row, tenant, customer }) => ({ ...row, tenant, customer, hour })),
          );
          const overhead = using({ memory: ours[at] ?? 0n, cpu: ours[at] ?? 0n });
          each.add({ hour, rows: inOrderOf([...own, ...sleeping]), overhead });
          if (sleeping.length !== told) finished(once.resting(sleeping));
          told = sleeping.length;
          once.add({ hour, rows: own, overhead });
        }
        const sorted = ({ shares, ...rest }: DayCost) => ({
          ...rest,
          shares: shares.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1)),
        });
        expect(sorted(once.done())).toEqual(sorted(each.done()));
      },
    ),
    { numRuns: 150 },
  );
});

const keyOf = ({
  tenant,
  customer,
  plan,
  tier,
}: Pick<UseRow, 'tenant' | 'customer' | 'plan' | 'tier'>) =>
  `${tenant} ${customer} ${plan} ${tier}`;

/** As the ledger tells them: one of a place. */
const inOrderOf = (rows: readonly UseRow[]): readonly UseRow[] =>
  [...new Map(rows.map((row) => [keyOf(row), row])).entries()]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([, row]) => row);

test('what is added to a copy is not in what it was copied from', () => {
  const costs = new DayCosts(PRICE_BOOKS.vision);
  const [first = day, second = day] = hours;
  costs.add({ hour: first, rows: [rowOf(1, { hour: first })], overhead: NO_USE });
  const before = costs.done();
  costs.copy().add({ hour: second, rows: [rowOf(2, { hour: second })], overhead: NO_USE });
  expect(costs.done()).toEqual(before);
});

test('what rows of a whole month come to are the charges of who was there all month', () => {
  const month = monthOf(day);
  const tariffs = parseTariffs(
    JSON.stringify({
      versions: [
        { plans: { starter: { included: { egress: '1' }, overage: { egress: '0.09' } } } },
      ],
    }),
  );
  const rows = hoursWithin(month.from, month.to).map((hour) =>
    rowOf(1, { hour, plan: 'starter', use: using({ egress: 10_000_000n }) }),
  );
  const { tenant, plan } = rowOf(1, { plan: 'starter' });
  const customer = rows[0]?.customer;
  if (customer == null) throw new Error('a row has a customer');
  const stay = { tenant, customer, plan, from: month.from, to: null, trialUntil: null };
  const charged = chargesOf({ tariffs, month, subscriptions: [stay], rows });
  expect(accruedOf(tariffs, month, rows)).toEqual(charged);
  // 7.2 GB, of which one is included.
  expect(chargedIn(charged)).toBe(plus(amount('10'), amount('0.558')));
});

test('nobody pays for a tenant of nobody', () => {
  const row = rowOf(1, { plan: 'enterprise', customer: null });
  expect(accruedOf(TARIFFS, monthOf(day), [row])).toEqual([]);
});

test.each(PRICE_PRESETS)('the document of %s is read as the same book', (preset) => {
  const book: PriceBook = PRICE_BOOKS[preset];
  expect(parsePriceBook(JSON.stringify(priceDocument(book)))).toEqual(book);
});

test('a book with versions, and tariffs with versions, are read from their documents as they were', () => {
  const book = parsePriceBook(
    JSON.stringify({
      preset: 'railway',
      versions: [{ from: '2026-12-01T06:00Z', prices: { memory: '9.50' }, monthDays: null }],
    }),
  );
  expect(parsePriceBook(JSON.stringify(priceDocument(book)))).toEqual(book);
  const tariffs = parseTariffs(
    JSON.stringify({
      currency: 'EUR',
      versions: [
        { plans: { starter: { month: '12.50', included: { stored: '0.5' }, trialDays: 14 } } },
        { from: '2027-01-01', plans: { free: { capped: false, overage: { cpu: '33' } } } },
      ],
    }),
  );
  expect(parseTariffs(JSON.stringify(tariffDocument(tariffs)))).toEqual(tariffs);
});
