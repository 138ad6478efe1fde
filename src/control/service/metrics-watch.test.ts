import { expect, test } from 'vitest';
import { parseTenantId, parseTenantName, type TenantId } from '../../domain/ids.ts';
import { HOLD_NAMES } from '../../domain/quota.ts';
import type { Tenant, TenantState } from '../../domain/tenant.ts';
import { hours, minutes, ms, timestamp } from '../../domain/units.ts';
import { LATENCY_BOUNDS_US, type UsageMinute } from '../../domain/usage.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { memoryTenant } from '../../testing/memory-tenants.ts';
import { EventWatch } from './metrics-events.ts';
import type { Family } from './metrics-family.ts';
import { quantile, Tally } from './metrics-tally.ts';
import { TopTenants } from './metrics-top.ts';
import { FleetWatch } from './metrics-watch.ts';

const clock = new VirtualClock();

const tenantIdOf = (number: number): TenantId =>
  parseTenantId(`tn_${String(number).padStart(12, '0')}`);

function tenantOf(number: number, change: Partial<Tenant> = {}): Tenant {
  const id = tenantIdOf(number);
  return { ...memoryTenant({ id, name: parseTenantName(`t${number}`) }, clock.wall()), ...change };
}

const inState = (tenant: Tenant, state: TenantState): Tenant => ({ ...tenant, state });

/** `name{labels} value`, without those that are 0. */
function samplesOf(families: readonly Family[], name: string): readonly string[] {
  const family = families.find((one) => one.name === name);
  if (family === undefined) return [];
  const words = (labels: object) => Object.values(labels).join(' ');
  if (family.kind !== 'histogram') {
    return family.samples
      .filter(({ value }) => value !== 0)
      .map(({ labels, value }) => `${words(labels)} ${value}`);
  }
  return family.spreads
    .map(({ labels, counts, sum }) => {
      const all = counts.reduce((before, count) => before + count, 0);
      return `${words(labels)} ${all} ${sum}`;
    })
    .filter((text) => !text.endsWith(' 0 0'));
}

const usage = (
  tenant: TenantId,
  queries: number,
  change: Partial<UsageMinute> = {},
): UsageMinute => ({
  ...{
    tenant,
    minute: timestamp(60_000),
    sessions: 0,
    queries,
    byRobots: 0,
    transactions: 0,
    classes: [],
  },
  ...{ errors: {}, bytesIn: 0, bytesOut: queries, classes: [], latencySumUs: 0 },
  latency: new Array(LATENCY_BOUNDS_US.length + 1).fill(0),
  ...change,
});

const SUSPENDED = { kind: 'suspended' } as const;
const WAKING = { kind: 'waking', attempt: 1 } as const;
const RUNNING = { kind: 'running' } as const;

function wake(watch: FleetWatch, tenant: Tenant, from: 'L2' | 'L3' | 'L4', took: number): void {
  const waking = inState(tenant, WAKING);
  watch.moved(tenant, waking);
  watch.moved(waking, inState({ ...tenant, home: { kind: 'local' } }, RUNNING));
  const step = { kind: 'wake', at: clock.wall(), bytes: 0, ms: took, from, because: '' } as const;
  watch.step(tenant.id, step);
}

test('a wake is told apart by where the data was, for whom it is, and whether somebody waits', () => {
  const watch = new FleetWatch({ clock, tenantsMax: 1 });
  const fresh = inState(tenantOf(1, { home: { kind: 'none' }, tier: 'WARM' }), SUSPENDED);
  expect(watch.asked(fresh.id, 'person')).toBe(true);
  wake(watch, fresh, 'L3', 400);
  expect(watch.asked(fresh.id, 'probe')).toBe(false);
  const ahead = inState(tenantOf(2, { home: { kind: 'local' } }), SUSPENDED);
  wake(watch, ahead, 'L2', 100);
  const restarting = inState(tenantOf(3, { home: { kind: 'local' } }), { kind: 'suspending' });
  watch.asked(restarting.id, 'person');
  wake(watch, restarting, 'L3', 100);
  expect(samplesOf(watch.families(), 'dynabase_wake_seconds')).toEqual([
    'husk person WARM 1 0.4',
    'L2 schedule COLD 1 0.1',
    'L3 restart COLD 1 0.1',
  ]);
  const day = watch.takeDay();
  const counted = Object.values(day.wakes).flat();
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(1);
  expect(day.wakes.husk[5]).toBe(1);
  // Its first: no tier has put it to sleep.
  expect(Object.values(day.wakesByTier).flat()).not.toContain(1);
  watch.moved(inState(fresh, RUNNING), inState(fresh, { kind: 'suspending' }));
  watch.moved(inState(fresh, { kind: 'suspending' }), fresh);
  const again = inState(tenantOf(1, { home: { kind: 'local' }, tier: 'WARM' }), SUSPENDED);
  watch.asked(again.id, 'person');
  wake(watch, again, 'L3', 400);
  expect(watch.takeDay().wakesByTier.WARM[5]).toBe(1);
});

test('time awake and time in which a start fails add up by plan, whatever is taken in between', async () => {
  const watch = new FleetWatch({ clock, tenantsMax: 1 });
  const paid = inState(tenantOf(1, { plan: 'starter' }), RUNNING);
  watch.saw(paid);
  await clock.advance(minutes(2));
  expect(watch.takeDay().awakeMs).toMatchObject({ starter: 120_000, free: 0 });
  const failed: TenantState = { kind: 'failed', attempt: 1, reason: '', retryAt: clock.wall() };
  watch.moved(paid, inState(paid, failed));
  await clock.advance(minutes(1));
  watch.moved(inState(paid, failed), inState({ ...paid, plan: 'enterprise' }, RUNNING));
  await clock.advance(minutes(3));
  watch.removed(paid.id);
  await clock.advance(hours(1));
  const day = watch.takeDay();
  expect(day.failedMs).toEqual({ free: 0, starter: 60_000, professional: 0, enterprise: 0 });
  expect(day.awakeMs).toEqual({ free: 0, starter: 0, professional: 0, enterprise: 180_000 });
  expect(day.wakesFailed).toBe(1);
});

test('a minute that several proxies tell of is used once, and one of robots not at all', () => {
  const watch = new FleetWatch({ clock, tenantsMax: 1 });
  const tenant = tenantOf(1);
  watch.saw(tenant);
  watch.used([usage(tenant.id, 3), usage(tenant.id, 4)]);
  watch.used([usage(tenant.id, 2, { minute: timestamp(120_000), byRobots: 2 })]);
  expect(watch.takeDay().usedMinutes).toBe(1);
});

test('the tenants used most have series of their own, and all series add up to the fleet', () => {
  const top = new TopTenants(2);
  const names = new Map([1, 2, 3, 4].map((number) => [tenantIdOf(number), `t${number}`] as const));
  let sent = 0;
  let seen = 0;
  let before = new Map<string, number>();
  const told = () =>
    new Map(
      top
        .families()
        .filter(({ name }) => name === 'dynabase_tenant_queries')
        .flatMap((family) => (family.kind === 'histogram' ? [] : family.samples))
        .map(({ labels, value }) => [labels.tenant ?? '', value] as const),
    );
  for (let round = 0; round < 200; round++) {
    for (const [place, [id, name]] of [...names].entries()) {
      const queries = (round % 50 < 25 ? place : 3 - place) * 10;
      sent += queries;
      top.used(usage(id, queries), name);
    }
    const now = told();
    // As a monitoring system reckons: a series that is new began at 0.
    for (const [name, value] of now) {
      expect(value).toBeGreaterThanOrEqual(before.get(name) ?? 0);
      seen += value - (before.get(name) ?? 0);
    }
    expect(now.size).toBeLessThanOrEqual(3);
    top.settle((id) => names.get(id));
    const kept = told();
    before = new Map([...now].filter(([name]) => kept.has(name)));
    for (const [name, value] of kept) if (value === 0) before.set(name, 0);
  }
  expect(seen).toBe(sent);
});

test('a label with more values than it should have does not make series without end', () => {
  const tally = new Tally({ name: 'x', help: '' }, ['of']);
  for (let number = 0; number < 10_000; number++) tally.add({ of: String(number) });
  const family = tally.family();
  const samples = family.kind === 'histogram' ? [] : family.samples;
  expect(samples).toHaveLength(513);
  expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(10_000);
});

test('a quantile is within its bucket, and the last bound for what is above it', () => {
  expect(quantile([1, 2, 4], [0, 0, 0, 0], 0.95)).toBe(null);
  expect(quantile([1, 2, 4], [10, 10, 0, 0], 0.5)).toBe(1);
  expect(quantile([1, 2, 4], [10, 10, 0, 0], 0.75)).toBe(1.5);
  expect(quantile([1, 2, 4], [0, 0, 1, 99], 0.95)).toBe(4);
});

test('what an alert waits for is there before the first of its kind, so that the first one is a rise', () => {
  const counted = (name: string) => {
    const families = [
      ...new FleetWatch({ clock, tenantsMax: 0 }).families(),
      ...new EventWatch().families(),
    ];
    const family = families.find((one) => one.name === name);
    const samples = family?.kind === 'histogram' ? family.spreads : family?.samples;
    return (samples ?? []).map(({ labels }) => Object.values(labels).join(' '));
  };
  for (const quota of HOLD_NAMES) {
    expect(counted('dynabase_quota_events')).toContain(`${quota} hard`);
  }
  for (const tier of ['HOT', 'PERSISTENT']) {
    for (const level of ['L2', 'L3', 'L4']) {
      expect(counted('dynabase_wake_seconds')).toContain(`${level} person ${tier}`);
    }
  }
});

test('changes of tier are counted, whether it moves or not', () => {
  const watch = new FleetWatch({ clock, tenantsMax: 0 });
  const cold = inState(tenantOf(1, { tier: 'COLD' }), RUNNING);
  watch.moved(cold, { ...cold, tier: 'HOT' });
  watch.moved({ ...cold, tier: 'HOT' }, inState({ ...cold, tier: 'WARM' }, SUSPENDED));
  expect(samplesOf(watch.families(), 'dynabase_tier_changes')).toEqual([
    'COLD HOT 1',
    'HOT WARM 1',
  ]);
  watch.waited('person', ms(700));
  expect(samplesOf(watch.families(), 'dynabase_wake_wait_seconds')).toEqual(['person 1 0.7']);
});
