import { expect, test } from 'vitest';
import { minutes } from '../../domain/units.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { RecentWatch } from './metrics-recent.ts';

const fromL3 = (watch: RecentWatch) => watch.hour().wakes.find(({ from }) => from === 'L3');

test('wakes are counted in their minute, and told of for an hour', async () => {
  const clock = new VirtualClock();
  const watch = new RecentWatch(clock);
  watch.woke('L3', 0.02, true);
  watch.woke('L3', 0.02, false);
  await clock.advance(minutes(2));
  watch.woke('L4', 4, true);
  expect(watch.hour().minutes.slice(-3)).toEqual([2, 0, 1]);
  expect(fromL3(watch)?.times).toBe(1);
  await clock.advance(minutes(58));
  // The first minute is out of the hour; what takes its place begins with nothing.
  expect(watch.hour().minutes.slice(0, 2)).toEqual([0, 1]);
  expect(fromL3(watch)).toEqual({ from: 'L3', times: 0, p50Ms: null, p95Ms: null, p99Ms: null });
  watch.woke('L2', 0.3, true);
  expect(watch.hour().minutes.at(-1)).toBe(1);
  expect(fromL3(watch)?.times).toBe(0);
});

test('percentiles are within the bounds of what was waited', () => {
  const watch = new RecentWatch(new VirtualClock());
  for (let at = 0; at < 98; at++) watch.woke('L3', 0.04, true);
  watch.woke('L3', 0.9, true);
  watch.woke('L3', 0.9, true);
  const { p50Ms = null, p95Ms = null, p99Ms = null } = fromL3(watch) ?? {};
  expect([p50Ms, p95Ms].every((value) => value !== null && value <= 50)).toBe(true);
  expect(p99Ms).toBeGreaterThan(750);
  expect(p99Ms).toBeLessThanOrEqual(1_000);
});
