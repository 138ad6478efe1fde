import { expect, test } from 'vitest';
import { parseTenantId } from './ids.ts';
import { timestamp } from './units.ts';
import { addedUsage, type UsageMinute } from './usage.ts';

const used = (
  errors: Readonly<Record<string, number>>,
  latency: readonly number[],
): UsageMinute => ({
  tenant: parseTenantId('tn_000000000001'),
  minute: timestamp(60_000),
  sessions: 1,
  queries: 2,
  byRobots: 1,
  transactions: 3,
  errors,
  bytesIn: 4,
  bytesOut: 5,
  latency,
  latencySumUs: 6,
});

test('two records of one minute are added count by count', () => {
  const one = used({ 42: 3 }, [1, 2, 3]);
  const other = used({ 42: 1, 23: 5 }, [10, 20, 30]);
  expect(addedUsage(one, other)).toEqual({
    ...one,
    sessions: 2,
    queries: 4,
    byRobots: 2,
    transactions: 6,
    errors: { 42: 4, 23: 5 },
    bytesIn: 8,
    bytesOut: 10,
    latency: [11, 22, 33],
    latencySumUs: 12,
  });
  expect([one.errors, other.errors]).toEqual([{ 42: 3 }, { 42: 1, 23: 5 }]);
});
