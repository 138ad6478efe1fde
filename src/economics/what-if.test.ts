import { expect, test } from 'vitest';
import { hoursWithin, rowOf, using, utc } from '../testing/ledger-rows.ts';
import { amount, NOTHING } from './money.ts';
import { monthOf } from './month.ts';
import { PRICE_BOOKS } from './price-presets.ts';
import { TARIFFS } from './tariffs.ts';
import { hoursOf } from './usage-cost.ts';
import { comparedWays, ifOnPlan, type Way } from './what-if.ts';

const railway = PRICE_BOOKS.railway;
const book = {
  ...railway,
  versions: [{ ...railway.versions[0], minimum: NOTHING }] as const,
};

const from = utc('2026-11-03');
const to = utc('2026-11-04');

/** A day with so many megabytes in memory. */
const way = (megabytes: bigint, coldStarts: number, waitedMs: number): Way => ({
  ...{ from, to, coldStarts, waitedMs },
  hours: hoursOf(
    hoursWithin(from, to).map((hour) =>
      rowOf(1, { hour, use: using({ memory: megabytes * 1_000_000n * 3_600n }) }),
    ),
  ),
});

test('a shorter idle limit is cheaper and slower, and what a second is sold for is said', () => {
  const outcome = comparedWays(book, way(300n, 2, 100), way(100n, 12, 600));
  expect(outcome).toMatchObject({
    coldStarts: { before: 60, after: 360, difference: 300 },
    waitedMs: { before: 3_000, after: 18_000, difference: 15_000 },
    verdict: 'cheaper but slower',
  });
  // $10 for a GB-month.
  expect(Number(outcome.cost.difference) / 1e12).toBeCloseTo(-2, 6);
  expect(outcome.saved).toBeCloseTo(2 / 3, 6);
  expect(Number(outcome.secondFor) / 1e12).toBeCloseTo(2 / 15, 6);
  const back = comparedWays(book, way(100n, 12, 600), way(300n, 2, 100));
  expect(back.verdict).toBe('dearer but quicker');
  expect(back.secondFor).toBe(outcome.secondFor);
});

test('what is not worse in one is better or worse, and buys no seconds', () => {
  const verdicts = [
    comparedWays(book, way(300n, 2, 100), way(200n, 2, 100)),
    comparedWays(book, way(300n, 2, 100), way(300n, 1, 50)),
    comparedWays(book, way(100n, 2, 100), way(200n, 9, 900)),
    comparedWays(book, way(100n, 2, 100), way(100n, 2, 100)),
  ];
  expect(verdicts.map(({ verdict }) => verdict)).toEqual(['better', 'better', 'worse', 'the same']);
  expect(verdicts.map(({ secondFor }) => secondFor)).toEqual([null, null, null, null]);
});

test('a machine that is paid for either way is on neither side', () => {
  const owned = PRICE_BOOKS['own-hardware'];
  const { cost, saved, verdict } = comparedWays(owned, way(300n, 2, 100), way(100n, 12, 600));
  expect(verdict).toBe('cheaper but slower');
  expect(saved).toBeCloseTo(2 / 3, 6);
  expect(Number(cost.before) / 1e12).toBeLessThan(1);
});

test('spans that differ are not compared', () => {
  const longer = { ...way(1n, 0, 0), to: utc('2026-11-05') };
  expect(() => comparedWays(book, way(1n, 0, 0), longer)).toThrow(/equal spans/);
});

test('another plan would bring in the difference for the time that the tenant was there', () => {
  const { tenant, customer } = rowOf(1);
  const month = monthOf(from);
  const subscriptions = [1, 2].map((n) => ({
    ...{ tenant: rowOf(n).tenant, customer: customer ?? rowOf(n).customer ?? never() },
    ...{ plan: 'starter' as const, from: utc('2026-11-16'), to: null, trialUntil: null },
  }));
  const billing = { tariffs: TARIFFS, month, subscriptions, rows: [rowOf(1)] };
  expect(ifOnPlan(billing, tenant, 'professional')).toEqual({
    ...{ before: amount('10'), after: amount('17.5'), difference: amount('7.5') },
  });
  expect(ifOnPlan(billing, tenant, 'free').difference).toBe(amount('-5'));
});

function never(): never {
  throw new Error('a row has a customer');
}
