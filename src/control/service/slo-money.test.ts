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
});

/** Books that say this of whatever span, and count how often they were asked. */
function books(report: Partial<CostReport>) {
  const asked: string[] = [];
  const costs = {
    spanOf: (from: CostReport['from'], to: undefined) => ({ from, to }),
    report: async (span: { readonly from: number }, how: { readonly by: string }) => {
      asked.push(`${how.by} since ${new Date(span.from).toISOString().slice(0, 10)}`);
      return report;
    },
  } as unknown as Pick<CostDesk, 'report' | 'spanOf'>;
  return { costs, asked };
}

test('cost is told by tenant and month, and the books are asked every five minutes at most', async () => {
  const clock = new VirtualClock();
  const { costs, asked } = books({ total: line('6', '30', 4n) });
  const money = new MoneyWatch(costs, clock);
  expect(await money.figures()).toEqual({
    ...{ costPerTenant: 1.5, grossMargin: 0.8, revenueRetention: null },
  });
  await clock.advance(minutes(4));
  await money.figures();
  expect(asked).toHaveLength(1);
  await clock.advance(minutes(2));
  await money.figures();
  expect(asked).toHaveLength(2);
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
