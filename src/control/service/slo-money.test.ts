import { expect, test } from 'vitest';
import { minutes } from '../../domain/units.ts';
import { amount, NOTHING } from '../../economics/money.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import type { CostDesk, CostReport } from '../economics/cost-desk.ts';
import { MoneyWatch } from './slo-money.ts';

const MONTH_SECONDS = 2_629_746n;

const line = (cost: string, revenue: string | null, months: bigint) => ({
  ...{ attributed: amount(cost), shared: NOTHING, cost: amount(cost), alwaysOn: NOTHING },
  ...{ reduction: null, revenue: revenue === null ? null : amount(revenue), profit: null },
  ...{ margin: revenue === null ? null : 0.8, seconds: months * MONTH_SECONDS },
  marginUnknown: revenue === null ? ('another currency' as const) : null,
});

/** Books that say this of whatever span, and count how often they were asked. */
function books(
  report: Partial<CostReport>,
  charged: (month: string) => Readonly<Record<string, string>> = () => ({}),
) {
  const asked: string[] = [];
  const costs = {
    spanOf: (from: CostReport['from'], to: undefined) => ({ from, to }),
    report: async (span: { readonly from: number }, how: { readonly by: string }) => {
      const from = new Date(span.from).toISOString().slice(0, 10);
      asked.push(`${how.by} since ${from}`);
      if (how.by !== 'customer') return report;
      const lines = Object.entries(charged(from.slice(0, 7)));
      return { lines: lines.map(([key, revenue]) => ({ key, ...line('0', revenue, 1n) })) };
    },
  } as unknown as Pick<CostDesk, 'report' | 'spanOf'>;
  return { costs, asked };
}

test('cost is told by tenant and month, and the books are asked every five minutes at most', async () => {
  const clock = new VirtualClock();
  const { costs, asked } = books({ total: line('6', '30', 4n) });
  const money = new MoneyWatch(costs, clock);
  expect(await money.figures()).toEqual({
    costPerTenant: { value: 1.5, unless: expect.any(String) },
    grossMargin: { value: 0.8, unless: '' },
    revenueRetention: { value: null, unless: 'nobody was charged anything a year ago' },
  });
  const first = asked.length;
  await clock.advance(minutes(4));
  await money.figures();
  expect(asked).toHaveLength(first);
  await clock.advance(minutes(2));
  await money.figures();
  expect(asked).toHaveLength(first + 1);
});

test('what is kept of revenue is of who was a customer a year ago, in whole months', async () => {
  // The clock stands in January 2030.
  const months: Record<string, Record<string, string>> = {
    '2028-12': { one: '10', two: '20', none: '0' },
    '2029-12': { one: '30', none: '100', fresh: '500' },
  };
  const { costs } = books({ total: line('6', '30', 4n) }, (month) => months[month] ?? {});
  const figures = await new MoneyWatch(costs, new VirtualClock()).figures();
  expect(figures?.revenueRetention.value).toBe(1);
});

test('a fleet that has been there for minutes is told neither margin nor cost', async () => {
  const total = { ...line('6', '30', 4n), margin: null, marginUnknown: 'too early' as const };
  const { costs } = books({ total, isEarly: true });
  const why = 'too early to tell: no tenant has been there for a day';
  expect(await new MoneyWatch(costs, new VirtualClock()).figures()).toMatchObject({
    costPerTenant: { value: null, unless: why },
    grossMargin: { value: null, unless: why },
  });
});

test('while nobody has cost anything there are no figures', async () => {
  const { costs } = books({ total: line('0', null, 0n) });
  expect(await new MoneyWatch(costs, new VirtualClock()).figures()).toBe(null);
});

test('a monitoring system is told what each tier costs and brings in, as far as that is known', async () => {
  const lines = [
    { key: 'HOT', name: null, ...line('2.5', '10', 1n) },
    { key: 'COLD', name: null, ...line('0.25', null, 1n) },
  ];
  const nothing = { idle: NOTHING, minimum: NOTHING, unborne: NOTHING };
  const { costs } = books({ lines, unattributed: { overhead: amount('1'), ...nothing } });
  const families = await new MoneyWatch(costs, new VirtualClock()).families();
  expect(families.map((family) => ('samples' in family ? family.samples : []))).toEqual([
    [
      { labels: { tier: 'HOT' }, value: 2.5 },
      { labels: { tier: 'COLD' }, value: 0.25 },
    ],
    [{ labels: { tier: 'HOT' }, value: 10 }],
    [
      { labels: { cause: 'overhead' }, value: 1 },
      { labels: { cause: 'idle' }, value: 0 },
      { labels: { cause: 'minimum' }, value: 0 },
      { labels: { cause: 'unborne' }, value: 0 },
    ],
  ]);
});
