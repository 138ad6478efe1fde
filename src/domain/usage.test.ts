import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTenantId } from './ids.ts';
import { timestamp } from './units.ts';
import { addedUsage, LATENCY_BOUNDS_US, latencyQuantile, type UsageMinute } from './usage.ts';

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
  classes: [1],
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
    classes: [2],
    latencySumUs: 12,
  });
  expect([one.errors, other.errors]).toEqual([{ 42: 3 }, { 42: 1, 23: 5 }]);
});

test('each bound of latency is at most 1.4 times the one before', () => {
  const ratios = LATENCY_BOUNDS_US.slice(1).map(
    (bound, at) => bound / (LATENCY_BOUNDS_US[at] ?? 0),
  );
  expect(Math.max(...ratios)).toBeLessThan(1.43);
});

test('a quantile is told to within a fifth', () => {
  const times = fc.array(fc.integer({ min: 101, max: 9_999_999 }), { minLength: 1 });
  const shares = fc.constantFrom(0.5, 0.95, 0.99);
  fc.assert(
    fc.property(times, shares, (all, share) => {
      const latency = new Array<number>(LATENCY_BOUNDS_US.length + 1).fill(0);
      for (const time of all) {
        const bucket = LATENCY_BOUNDS_US.findIndex((bound) => time <= bound);
        latency[bucket] = (latency[bucket] ?? 0) + 1;
      }
      const sorted = all.toSorted((one, other) => one - other);
      const exact = sorted[Math.max(1, Math.ceil(all.length * share)) - 1] ?? 0;
      const told = latencyQuantile(latency, share) ?? 0;
      expect(Math.abs(told - exact) / exact).toBeLessThanOrEqual(0.2);
    }),
  );
});

test('without requests there is no quantile', () => {
  expect(latencyQuantile([0, 0], 0.5)).toBeNull();
});
