import { expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import { timestamp } from '../domain/units.ts';
import { LATENCY_BOUNDS_US, type UsageMinute } from '../domain/usage.ts';
import { MemoryCatalog } from '../sim/memory-catalog.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { learningSink } from './learning-sink.ts';

const MINUTE: UsageMinute = {
  ...{ tenant: 'tn_000000000001' as UsageMinute['tenant'], minute: timestamp(60_000) },
  ...{ sessions: 1, queries: 2, byRobots: 0, transactions: 2, errors: {}, bytesIn: 3, bytesOut: 4 },
  ...{ latency: LATENCY_BOUNDS_US.map(() => 0), classes: [], latencySumUs: 5 },
};

test('a batch that is offered again is learned from once, and one that was not stored not at all', async () => {
  const catalog = new MemoryCatalog(new VirtualClock());
  const learned: UsageMinute[] = [];
  const sink = learningSink(catalog, { used: (records) => learned.push(...records) });
  catalog.failNext('add', fault('CATALOG_DOWN', {}));
  await expect(sink.add([MINUTE], 'one')).rejects.toMatchObject({ code: 'CATALOG_DOWN' });
  expect(learned).toEqual([]);
  for (const batch of ['one', 'one', 'two']) await sink.add([MINUTE], batch);
  expect(learned).toEqual([MINUTE, MINUTE]);
});
