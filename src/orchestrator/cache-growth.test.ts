/** Caches grow before peaks, and are as they were behind them. */
import { expect, test } from 'vitest';
import type { Tenant } from '../domain/tenant.ts';
import { hours, minutes, ms, seconds, timestamp } from '../domain/units.ts';
import { Learned } from '../policy/learned.ts';
import { PRESETS } from '../policy/rules.ts';
import { peopleAsked } from '../sim/pattern-replay.ts';
import { Orchestrated, UNUSED } from '../testing/orchestrated.ts';
import { GrowthBudget } from './cache-growth.ts';

const DAY = hours(24);
const DAYS = 26;
const USUAL_MB = PRESETS.machine.tiers.HOT.size.sharedBuffersMb;

/** Used every 10 minutes of the day, and each minute from 14 to 15 h, for as long as is remembered. */
function peakAt14(world: Orchestrated): Learned {
  const learned = new Learned();
  const today = Math.floor(world.clock.wall() / DAY) * DAY;
  for (let day = -DAYS; day < 0; day++) {
    for (let minute = 8 * 60; minute < 18 * 60; minute++) {
      const isUsed = minute % 10 === 0 || Math.floor(minute / 60) === 14;
      if (!isUsed) continue;
      learned.pattern.add(peopleAsked(timestamp(today + day * DAY + minutes(minute)), 3));
    }
  }
  return learned;
}

/** Tenants of tier HOT with that habit, awake with a session at rest, at noon. */
async function atNoon(growthMb: number, names: readonly string[], plan = PRESETS.machine.plans) {
  const options = { settings: { growthMb }, rules: { plans: plan } };
  const world = new Orchestrated(options);
  const tenants: Tenant[] = [];
  for (const name of names) {
    const tenant = await world.tenant(name, 'HOT');
    const bytes = peakAt14(world).encode();
    await world.policyStore.saveLearned([{ tenant: tenant.id, bytes, askAt: null }]);
    tenants.push(tenant);
  }
  world.restart(options);
  await world.orchestrator.recover();
  await world.clock.advance(ms(hours(12) - (world.clock.wall() % DAY)));
  const sessions = tenants.map((tenant) => world.session(tenant));
  await world.clock.advance(seconds(1));
  for (const [i, { id }] of sessions.entries()) rest(world, tenants[i] as Tenant, id);
  await world.clock.advance(minutes(5));
  return { world, tenants, sessions };
}

type Proxy = ReturnType<Orchestrated['session']>['id'];

const AT_REST = { sessions: 1, bound: 1, heldBy: null, idleFor: ms(0) };

const rest = (world: Orchestrated, tenant: Tenant, proxy: Proxy): void =>
  world.orchestrator.use(tenant.id, proxy, AT_REST);

const mbOf = (world: Orchestrated, { id }: Tenant): number | undefined =>
  world.host.sizeOf(id)?.sharedBuffersMb;

/** Until so many minutes behind the hour of that day. */
const until = (world: Orchestrated, hour: number, minute: number): Promise<void> =>
  world.clock.advance(ms(hours(hour) + minutes(minute) - (world.clock.wall() % DAY)));

test('the cache of who is idle grows before its peak, and is as before when that is over', async () => {
  const { world, tenants } = await atNoon(1_000, ['acme']);
  const [acme] = tenants as [Tenant];
  expect(mbOf(world, acme)).toBe(USUAL_MB);
  await until(world, 13, 2);
  expect(mbOf(world, acme)).toBe(2 * USUAL_MB);
  expect(world.host.running).toEqual([acme.id]);
  const starts = world.host.countOf('start');
  await until(world, 14, 50);
  expect(world.host.countOf('start')).toBe(starts);
  await until(world, 15, 5);
  expect(mbOf(world, acme)).toBe(USUAL_MB);
  await world.orchestrator.recorded();
  const found = await world.policyStore.decisions(acme.id, { before: null, limit: 9 });
  const sizes = found.filter(({ kind }) => kind === 'size');
  expect(sizes.map(({ from, to }) => [from, to])).toEqual([
    ['64 MB', '32 MB'],
    ['32 MB', '64 MB'],
  ]);
  expect(sizes[1]?.because).toMatch(/^a peak is near .*: 2 times its usual use$/);
});

test('nobody who is at work is restarted for it', async () => {
  const { world, tenants, sessions } = await atNoon(1_000, ['acme']);
  const [acme] = tenants as [Tenant];
  const proxy = sessions[0]?.id as Proxy;
  world.orchestrator.use(acme.id, proxy, { ...AT_REST, heldBy: 'a query' });
  await until(world, 13, 30);
  expect(mbOf(world, acme)).toBe(USUAL_MB);
  rest(world, acme, proxy);
  await world.clock.advance(minutes(1));
  expect(mbOf(world, acme)).toBe(2 * USUAL_MB);
});

test('who is woken before its peak is started in that size at once', async () => {
  const { world, tenants, sessions } = await atNoon(1_000, ['acme']);
  const [acme] = tenants as [Tenant];
  world.orchestrator.use(acme.id, sessions[0]?.id as Proxy, UNUSED);
  const suspended = world.orchestrator.suspend(acme.id);
  await world.clock.advance(minutes(1));
  await suspended;
  await until(world, 13, 30);
  const starts = world.host.countOf('start');
  world.session(acme);
  await world.clock.advance(seconds(5));
  expect(mbOf(world, acme)).toBe(2 * USUAL_MB);
  expect(world.host.countOf('start')).toBe(starts + 1);
});

test('all together grow by no more than they may, and what sleeps gives its part back', async () => {
  const { world, tenants, sessions } = await atNoon(USUAL_MB, ['one', 'two']);
  await until(world, 13, 10);
  const grown = tenants.filter((tenant) => mbOf(world, tenant) === 2 * USUAL_MB);
  expect(grown).toHaveLength(1);
  const [first] = grown as [Tenant];
  world.orchestrator.use(first.id, sessions[tenants.indexOf(first)]?.id as Proxy, UNUSED);
  const suspended = world.orchestrator.suspend(first.id);
  await world.clock.advance(minutes(1));
  await suspended;
  await until(world, 14, 5);
  const other = tenants.find((tenant) => tenant !== first) as Tenant;
  expect(mbOf(world, other)).toBe(2 * USUAL_MB);
});

test('a plan that goes no higher than the tier has no larger cache', async () => {
  const plans = structuredClone(PRESETS.machine.plans);
  const bounded = { ...plans, free: { ...plans.free, ceiling: 'HOT' as const } };
  const { world, tenants } = await atNoon(1_000, ['acme'], bounded);
  await until(world, 14, 5);
  expect(mbOf(world, tenants[0] as Tenant)).toBe(USUAL_MB);
});

test('a budget counts each tenant once', () => {
  const budget = new GrowthBudget(100);
  const [one, other] = ['tn_1', 'tn_2'] as never as [Tenant['id'], Tenant['id']];
  budget.set(one, 80);
  expect([budget.allows(other, 30), budget.allows(one, 100), budget.allows(one, 101)]).toEqual([
    ...[false, true, false],
  ]);
  budget.set(one, 0);
  expect(budget.allows(other, 100)).toBe(true);
});
