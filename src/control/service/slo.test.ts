import { expect, test } from 'vitest';
import { dayOf } from '../../domain/day.ts';
import { parseTenantId, parseTenantName } from '../../domain/ids.ts';
import type { TenantState } from '../../domain/tenant.ts';
import { hours, minutes, seconds, timestamp } from '../../domain/units.ts';
import { LATENCY_BOUNDS_US } from '../../domain/usage.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { memoryTenant } from '../../testing/memory-tenants.ts';
import { MemoryUptime } from '../../testing/memory-uptime.ts';
import { conditionOf, healthPage } from './health-page.ts';
import { FleetWatch } from './metrics-watch.ts';
import { addedDays, type Day, isBusinessHour, NO_DAY, oneMore, readDay } from './slo-day.ts';
import { ServiceKeeper, type Window } from './slo-keeper.ts';
import { kpiReport, servedShare } from './slo-kpis.ts';

async function keeperOf(clock: VirtualClock, store: MemoryUptime) {
  const watch = new FleetWatch({ clock, tenantsMax: 0 });
  const prewarms = { hits: 0, misses: 0 };
  const log = new MemoryLog();
  const keeper = await ServiceKeeper.open({ clock, log, store, watch, prewarms: () => prewarms });
  return { watch, keeper, prewarms, log };
}

test('a crash makes a gap since the last beat, a stop a planned one, and a running server none', async () => {
  const clock = new VirtualClock();
  const store = new MemoryUptime();
  const start = clock.wall();
  const { keeper } = await keeperOf(clock, store);
  await clock.advance(minutes(10));
  expect((await keeper.window(1)).gaps).toEqual([]);
  await keeper.close();
  const stopped = clock.wall();
  await clock.advance(minutes(5));
  const second = await keeperOf(clock, store);
  const back = clock.wall();
  await clock.advance(seconds(210));
  // It ends without a word: its last beat was half a minute ago.
  const dead = new VirtualClock(timestamp(clock.wall() + hours(2)));
  const third = await keeperOf(dead, store);
  const { gaps, from } = await third.keeper.window(90);
  expect(from).toBe(start);
  expect(gaps).toEqual([
    { from: stopped, to: back, planned: true },
    { from: back + minutes(3), to: dead.wall(), planned: false },
  ]);
  await second.keeper.close();
});

test('a start within a minute of a crash is no gap: nobody knows how long it was', async () => {
  const clock = new VirtualClock();
  const store = new MemoryUptime();
  await keeperOf(clock, store);
  const next = new VirtualClock(timestamp(clock.wall() + seconds(50)));
  const { keeper } = await keeperOf(next, store);
  expect((await keeper.window(1)).gaps).toEqual([]);
});

test('figures are those of the day, over midnight, restarts and a catalog that is away', async () => {
  const clock = new VirtualClock(timestamp(Date.UTC(2030, 0, 7, 23, 50)));
  const store = new MemoryUptime();
  const first = await keeperOf(clock, store);
  first.watch.levels({ hitsL1: 5, hitsL3: 1 });
  first.prewarms.hits = 3;
  await clock.advance(minutes(2));
  store.fail(new Error('away'));
  first.watch.levels({ hitsL2: 4 });
  await clock.advance(minutes(3));
  expect(first.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  store.fail(null);
  await clock.advance(minutes(10));
  first.watch.levels({ hitsL1: 7 });
  await first.keeper.close();
  const second = await keeperOf(clock, store);
  second.watch.levels({ hitsL1: 1 });
  const { sum } = await second.keeper.window(30);
  expect(sum.reads).toEqual({ L1: 13, L2: 4, L3: 1 });
  expect(sum.prewarmHits).toBe(3);
  const days = await store.days(timestamp(0));
  expect(days.map(({ figures }) => readDay(figures).reads.L1)).toEqual([5, 7]);
  expect(days.map(({ day }) => day)).toEqual([Date.UTC(2030, 0, 7), Date.UTC(2030, 0, 8)]);
});

test('days add up number by number, and what another version wrote counts as far as it is known', () => {
  const one: Day = { ...NO_DAY, wakesFailed: 2, reads: { L1: 1, L2: 2, L3: 3 } };
  expect(addedDays(one, one)).toMatchObject({ wakesFailed: 4, reads: { L1: 2, L2: 4, L3: 6 } });
  expect(addedDays(NO_DAY, one)).toEqual(one);
  // Counts by other bounds say nothing.
  const L3 = oneMore(NO_DAY.wakes.L3, 4);
  const wakes = { L2: [1, 2], L3: [...L3] };
  const read = readDay({ wakesFailed: 'many', reads: { L1: 5, L9: 7 }, wakes });
  expect(read).toEqual({
    ...NO_DAY,
    reads: { L1: 5, L2: 0, L3: 0 },
    wakes: { ...NO_DAY.wakes, L3 },
  });
  expect(JSON.stringify(addedDays(one, one)).length).toBeLessThan(2_048);
});

test('business hours are Monday to Friday, 9 to 17 of UTC', () => {
  const monday = Date.UTC(2030, 0, 7);
  const hour = hours(1);
  expect([8, 9, 16, 17].map((at) => isBusinessHour(monday + at * hour))).toEqual([
    ...[false, true, true, false],
  ]);
  expect(isBusinessHour(monday - hours(24) + 12 * hour)).toBe(false);
});

const TO = timestamp(Date.UTC(2030, 0, 31));
const MONTH: Window = { from: timestamp(TO - hours(24 * 30)), to: TO, sum: NO_DAY, gaps: [] };
const NOBODY = { tenants: 0, customers: 0, risen: 0, money: null };

test('of a server that nobody has used, what is not known says why, and nothing is guessed', () => {
  const { kpis } = kpiReport({ window: MONTH, ...NOBODY });
  for (const { value, isMet, why } of kpis) {
    expect([isMet === null, why !== null && why !== '']).toEqual([value === null, value === null]);
  }
  const known = kpis.filter(({ value }) => value !== null).map(({ name }) => name);
  expect(known).toEqual([
    'free-uptime',
    'starter-uptime',
    'professional-cold-starts',
    'professional-uptime',
    'enterprise-cold-starts',
    'enterprise-uptime',
  ]);
  expect(kpis.map(({ name }) => name)).toHaveLength(new Set(kpis.map(({ name }) => name)).size);
});

test('figures are held against the targets of the vision', () => {
  const slow = LATENCY_BOUNDS_US.indexOf(100_000);
  const sum: Day = {
    ...NO_DAY,
    reads: { L1: 80, L2: 15, L3: 5 },
    wakes: { ...NO_DAY.wakes, L3: oneMore(NO_DAY.wakes.L3, 10) },
    wakesByTier: { ...NO_DAY.wakesByTier, PERSISTENT: oneMore(NO_DAY.wakesByTier.PERSISTENT, 0) },
    latency: { ...NO_DAY.latency, HOT: oneMore(NO_DAY.latency.HOT, slow) },
    awakeMs: { ...NO_DAY.awakeMs, enterprise: minutes(99) },
    failedMs: { ...NO_DAY.failedMs, enterprise: minutes(1) },
    ...{ usedMinutes: 60, prewarmHits: 9, prewarmMisses: 1, customersGone: 1, customersNew: 4 },
  };
  const gaps = [{ from: timestamp(TO - hours(3)), to: timestamp(TO + hours(1)), planned: false }];
  const is = (value: number | null) => ({ value, unless: 'nobody knows' });
  const money = { costPerTenant: is(0.7), grossMargin: is(0.7), revenueRetention: is(null) };
  const inputs = { window: { ...MONTH, sum, gaps }, tenants: 50, customers: 13, risen: 6, money };
  const found = new Map(
    kpiReport(inputs).kpis.map(({ name, value, isMet }) => [name, [value, isMet]] as const),
  );
  const served = 1 - 3 / (30 * 24);
  expect(servedShare(inputs.window)).toBeCloseTo(served, 10);
  const wanted = {
    'compute-cost': [0.7, true],
    'cache-hit-ratio': [0.95, true],
    'cold-start-p95': [2.95, false],
    'prediction-accuracy': [0.9, true],
    utilisation: [60 / 99, false],
    'gross-margin': [0.7, false],
    churn: [0.1, false],
    'tier-upgrades': [0.12, true],
    'professional-query-p95': [0.0985, false],
    'enterprise-cold-starts': [1, false],
    'starter-uptime': [served, true],
    'enterprise-uptime': [served * 0.99, false],
  };
  for (const [name, [value, isMet]] of Object.entries(wanted)) {
    expect([name, found.get(name)]).toEqual([name, [expect.closeTo(Number(value), 9), isMet]]);
  }
});

test('the public page tells asleep apart from down, and nothing of the time before it was there', () => {
  const from = timestamp(TO - hours(36));
  const gaps = [
    { from: timestamp(TO - hours(30)), to: timestamp(TO - hours(24)), planned: true },
    { from: timestamp(TO - seconds(30)), to: timestamp(TO - seconds(5)), planned: false },
  ];
  const window = { ...MONTH, from, gaps };
  const page = healthPage(window, 'service', 'up');
  expect([page.condition, page.days.length]).toEqual(['up', 90]);
  expect(page.days.slice(-3).map(({ up }) => up)).toEqual([0.5, 1 - 25 / 86_400, null]);
  expect(page.days.filter(({ up }) => up !== null)).toHaveLength(2);
  expect(page.incidents).toEqual([gaps[0]]);
  const tenant = memoryTenant(
    { id: parseTenantId('tn_000000000001'), name: parseTenantName('acme') },
    TO,
  );
  const of = (state: TenantState) => conditionOf({ ...tenant, state });
  expect(of({ kind: 'suspended' })).toBe('asleep');
  expect(of({ kind: 'archiving' })).toBe('asleep');
  expect(of({ kind: 'running' })).toBe('up');
  expect(of({ kind: 'failed', attempt: 3, reason: 'no disk', retryAt: TO })).toBe('down');
  expect(dayOf(TO)).toBe(TO);
});
