import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { UseRow } from '../domain/use.ts';
import {
  customerNumber,
  historyArbitrary,
  rowOf,
  tenantNumber,
  using,
  utc,
} from '../testing/ledger-rows.ts';
import { type Amount, amount } from './money.ts';
import { monthOf } from './month.ts';
import {
  type Charge,
  chargedIn,
  chargesOf,
  includedOf,
  type Subscription,
  trialFrom,
} from './plans.ts';
import { finished, inOrder } from './steps.ts';
import { parseTariffs, type TariffBook, tariffAt } from './tariffs.ts';

const GB = 1_000_000_000n;
const november = monthOf(utc('2026-11-01'));

const tariffs: TariffBook = parseTariffs(
  JSON.stringify({
    versions: [
      {
        plans: {
          free: { included: { egress: '1' }, overage: { egress: '9' } },
          starter: {
            ...{ month: '30', trialDays: 14 },
            included: { egress: '30', stored: '2' },
            overage: { egress: '0.10', stored: '0.5', awake: '0.02' },
          },
          professional: { month: '60', included: { egress: '300' } },
        },
      },
      { from: '2026-12-01', plans: { starter: { month: '35' } } },
    ],
  }),
);

const on = (change: Partial<Subscription>): Subscription => ({
  tenant: tenantNumber(1),
  customer: customerNumber(1),
  plan: 'starter',
  from: utc('2026-01-01'),
  to: null,
  trialUntil: null,
  ...change,
});

const charges = (
  subscriptions: readonly Subscription[],
  rows: readonly UseRow[] = [],
  month = november,
): readonly Charge[] => chargesOf({ tariffs, month, subscriptions, rows });

const sums = (list: readonly Charge[]) =>
  list.map(({ plan, meter, amount: sum }) => [plan, meter, sum]);

const sent = (gigabytes: bigint, at: string, change: Partial<UseRow> = {}): UseRow =>
  rowOf(1, { plan: 'starter', hour: utc(at), use: using({ egress: gigabytes * GB }), ...change });

test('a whole month costs its price, and the next the price of then', () => {
  expect(sums(charges([on({})]))).toEqual([['starter', null, amount('30')]]);
  const december = monthOf(utc('2026-12-24'));
  expect(sums(charges([on({})], [], december))).toEqual([['starter', null, amount('35')]]);
});

test('a plan is paid for by the second, also if it changes within the month', () => {
  const change = utc('2026-11-11T00:00Z');
  const two = [on({ to: change }), on({ plan: 'professional', from: change })];
  expect(sums(charges(two))).toEqual([
    ['starter', null, amount('10')],
    ['professional', null, amount('40')],
  ]);
  const second = on({ from: utc('2026-11-05T10:00:00Z'), to: utc('2026-11-05T10:00:01Z') });
  expect(sums(charges([second]))).toEqual([['starter', null, amount('0.000011574074')]]);
});

test('a plan that is left and come back to costs no more than if it had never been left', () => {
  const at = utc('2026-11-13T17:42:11Z');
  expect(sums(charges([on({ to: at }), on({ from: at })]))).toEqual(sums(charges([on({})])));
});

test('what is beyond the included costs more, in the unit of its meter', () => {
  const rows = [
    sent(20n, '2026-11-02T00:00Z'),
    sent(15n, '2026-11-30T23:00Z'),
    sent(99n, '2026-12-01T00:00Z'),
    sent(99n, '2026-10-31T23:00Z'),
    // Three hours awake, of which none is included; 1 GB-month of data, of which two are.
    rowOf(1, {
      ...{ plan: 'starter', hour: utc('2026-11-03T00:00Z') },
      use: using({ awake: 10_800n, stored: GB * november.seconds }),
    }),
  ];
  expect(sums(charges([on({})], rows))).toEqual([
    ['starter', null, amount('30')],
    ['starter', 'awake', amount('0.06')],
    ['starter', 'egress', amount('0.5')],
  ]);
});

test('half a month includes half, rounded up, and each plan its own', () => {
  const middle = utc('2026-11-16T00:00Z');
  const rows = [
    sent(16n, '2026-11-02T00:00Z'),
    sent(140n, '2026-11-20T00:00Z', { plan: 'professional' }),
  ];
  const two = [on({ to: middle }), on({ plan: 'professional', from: middle })];
  expect(sums(charges(two, rows))).toEqual([
    ['starter', null, amount('15')],
    ['starter', 'egress', amount('0.1')],
    ['professional', null, amount('30')],
  ]);
  const starter = tariffAt(tariffs, 'starter', november.from);
  expect(includedOf(starter, 'egress', november, 1n)).toBe(11_575n);
});

test('in a trial nothing is charged, neither the plan nor what is used until its last hour', () => {
  const from = utc('2026-11-02T00:00Z');
  const until = trialFrom(tariffs, 'starter', from);
  expect(until).toBe(utc('2026-11-16T00:00Z'));
  expect(trialFrom(tariffs, 'professional', from)).toBeNull();
  const trialUntil = utc('2026-11-16T00:30Z');
  const rows = [
    sent(1_000n, '2026-11-10T00:00Z'),
    sent(1_000n, '2026-11-16T00:00Z'),
    sent(16n, '2026-11-16T01:00Z'),
  ];
  const [plan, egress] = charges([on({ from, trialUntil })], rows);
  expect(plan?.quantity).toBe(15n * 86_400n - 1_800n);
  expect(egress?.quantity).toBe(16n * GB - 14_979_166_667n);
  expect(charges([on({ from, trialUntil: utc('2026-12-05') })], rows)).toEqual([]);
});

test('what is used in the hour in which a plan begins is used under the plan', () => {
  const rows = [sent(31n, '2026-11-16T10:00Z', { seconds: 1_800n })];
  const [, egress] = charges([on({ from: utc('2026-11-16T10:30Z') })], rows);
  expect(egress?.quantity).toBe(31n * GB - 14_562_500_000n);
});

test('a plan with a cap costs nothing beyond it', () => {
  const rows = [sent(500n, '2026-11-10T00:00Z', { plan: 'free' })];
  expect(charges([on({ plan: 'free' })], rows)).toEqual([]);
});

test('a tenant that changes hands is paid for by each in his time', () => {
  const change = utc('2026-11-21T00:00Z');
  const other = customerNumber(2);
  const rows = [
    sent(21n, '2026-11-10T00:00Z'),
    sent(11n, '2026-11-25T00:00Z', { customer: other }),
  ];
  const list = charges([on({ to: change }), on({ customer: other, from: change })], rows);
  expect(list.map(({ customer, meter, amount: sum }) => [customer, meter, sum])).toEqual([
    [customerNumber(1), null, amount('20')],
    [customerNumber(1), 'egress', amount('0.1')],
    [other, null, amount('10')],
    [other, 'egress', amount('0.1')],
  ]);
});

test('two plans at once are our own mistake', () => {
  expect(() => charges([on({}), on({ plan: 'free', from: utc('2026-11-03') })])).toThrow(
    /one plan at a time/,
  );
});

test('nothing is charged that is negative, and who uses more never pays less', () => {
  fc.assert(
    fc.property(
      historyArbitrary(november),
      fc.bigInt(0n, 10n ** 13n),
      ({ subscriptions, rows }, more) => {
        const before = charges(subscriptions, rows);
        const after = charges(
          subscriptions,
          rows.map((row) => ({ ...row, use: { ...row.use, egress: row.use.egress + more } })),
        );
        expect(before.every((charge) => charge.amount >= 0n && charge.quantity > 0n)).toBe(true);
        expect(chargedIn(after) >= chargedIn(before)).toBe(true);
      },
    ),
  );
});

test('a second more on a plan never costs more than that second', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_591_999 }), (seconds) => {
      const until = (length: number): Amount =>
        chargedIn(
          charges([
            on({ from: november.from, to: (november.from + length * 1_000) as typeof november.to }),
          ]),
        );
      const more = until(seconds + 1) - until(seconds);
      expect(more >= 11_574_074n && more <= 11_574_075n).toBe(true);
    }),
  );
});

test('many are put in order as few are', () => {
  const numbers = fc.array(fc.nat({ max: 50 }), { minLength: 0, maxLength: 5_000, size: 'max' });
  fc.assert(
    fc.property(numbers, (given) => {
      const rows = given.map((value, at) => ({ value, at }));
      const byValue = (one: { value: number }, other: { value: number }) => one.value - other.value;
      expect(finished(inOrder(rows, byValue))).toEqual(rows.toSorted(byValue));
    }),
    { numRuns: 20 },
  );
});
