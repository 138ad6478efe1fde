/** The policy over the lives of tenants: what must come about by itself, whatever else happens. */
import { expect, test } from 'vitest';
import type { TenantSettings } from '../domain/catalog.ts';
import { fault } from '../domain/faults.ts';
import type { ProxyId, TenantId } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Tier } from '../domain/tier.ts';
import { hours, later, minutes, ms, seconds, type Timestamp } from '../domain/units.ts';
import { LATENCY_BOUNDS_US, type UsageMinute } from '../domain/usage.ts';
import { Learned } from '../policy/learned.ts';
import { PRESETS, type Rules } from '../policy/rules.ts';
import { rulesFor } from '../policy/rules-tenants.ts';
import { sleepsAfter, wayDown } from '../policy/way-down.ts';
import { Orchestrated, UNUSED } from '../testing/orchestrated.ts';
import { FleetPrice } from './fleet-price.ts';

const ALWAYS: Rules = { ...PRESETS['always-on'], archiveAfter: null, snapshotEvery: null };

const tierOf = async (world: Orchestrated, { id }: Tenant): Promise<Tier | undefined> =>
  (await world.catalog.tenantById(id))?.tier;

const learnedOf = async (world: Orchestrated, { id }: Tenant): Promise<Learned> =>
  Learned.decode((await world.policyStore.learned(id)) ?? new Uint8Array());

const minuteOf = (tenant: TenantId, minute: Timestamp): UsageMinute => ({
  ...{ tenant, minute, sessions: 1, queries: 60, byRobots: 0, transactions: 60, errors: {} },
  ...{ bytesIn: 1_000, bytesOut: 1_000, latency: LATENCY_BOUNDS_US.map(() => 1) },
  classes: [],
  latencySumUs: 1_000,
});

test('what a person has set ends in its time, though the tenant is awake and nobody uses it', async () => {
  const rules = { ...PRESETS.vision, archiveAfter: null, snapshotEvery: null };
  const world = new Orchestrated({ rules });
  const tenant = await world.tenant('acme');
  const until = later(world.clock.wall(), hours(2));
  const override = { tier: 'PERSISTENT', until, by: 'operator' } as const;
  await world.catalog.configure(tenant.id, { tier: 'PERSISTENT', override });
  await world.orchestrator.changed(tenant.id);
  await world.clock.advance(minutes(100));
  expect(world.host.running).toEqual([tenant.id]);
  await world.clock.advance(minutes(30));
  expect(await tierOf(world, tenant)).toBe('WARM');
  await world.clock.advance(minutes(60));
  expect(world.host.running).toEqual([]);
});

test('other rules reach those who sleep, and the next server brings them, too', async () => {
  const world = new Orchestrated();
  const tenants = await Promise.all(['a', 'b', 'c'].map((name) => world.tenant(`tenant-${name}`)));
  await world.orchestrator.recover();
  await world.clock.advance(minutes(3));
  expect(world.host.running).toEqual([]);
  world.catalog.failNext('listTenants', fault('CATALOG_DOWN', {}));
  world.orchestrator.setRules(ALWAYS);
  await world.clock.advance(minutes(3));
  expect(world.host.running).toHaveLength(tenants.length);
  expect(await tierOf(world, tenants[0] as Tenant)).toBe('PERSISTENT');
});

test('who was raised by rules comes back with others, and who has it from a person does not', async () => {
  const world = new Orchestrated();
  const tenants = [await world.tenant('raised', 'WARM'), await world.tenant('chosen', 'WARM')];
  const [raised, chosen] = tenants as [Tenant, Tenant];
  await world.orchestrator.recover();
  world.orchestrator.setRules(ALWAYS);
  await world.clock.advance(minutes(3));
  expect(await Promise.all(tenants.map((one) => tierOf(world, one)))).toEqual(
    tenants.map(() => 'PERSISTENT'),
  );
  const override = { tier: 'PERSISTENT', until: null, by: 'operator' } as const;
  await world.catalog.configure(chosen.id, { tier: 'PERSISTENT', override });
  await world.orchestrator.changed(chosen.id);
  // Also after a restart it is known what it was.
  world.restart({ rules: ALWAYS });
  await world.orchestrator.recover();
  await world.clock.advance(minutes(3));
  world.orchestrator.setRules({ ...PRESETS.machine, archiveAfter: null, snapshotEvery: null });
  await world.clock.advance(minutes(3));
  expect(await Promise.all(tenants.map((one) => tierOf(world, one)))).toEqual([
    'WARM',
    'PERSISTENT',
  ]);
  await world.clock.advance(hours(1));
  expect(world.host.running).toEqual([chosen.id]);
  await world.orchestrator.recorded();
  const [last] = await world.policyStore.decisions(raised.id, { before: null, limit: 1 });
  expect(last).toMatchObject({ kind: 'tier', from: 'PERSISTENT', to: 'WARM' });
});

test('a PERSISTENT that is paid for is given up with consent alone, and is back without', async () => {
  const rules = { ...PRESETS.vision, archiveAfter: null, snapshotEvery: null };
  const world = new Orchestrated({ rules });
  const tenant = await world.tenant('acme', 'PERSISTENT');
  const changed = async (settings: TenantSettings): Promise<void> => {
    await world.catalog.configure(tenant.id, settings);
    const done = world.orchestrator.changed(tenant.id);
    await world.clock.advance(minutes(1));
    await done;
  };
  await changed({ plan: 'enterprise' });
  await world.orchestrator.recover();
  await world.clock.advance(hours(24 * 20));
  expect(await tierOf(world, tenant)).toBe('PERSISTENT');
  const view = await world.orchestrator.policyView(tenant.id);
  expect(view.tier.because).toContain('has not agreed');
  expect(view.advice[1]).toMatchObject({ kind: 'consent', change: { consent: true } });
  const consent = { at: world.clock.wall(), by: 'customer' } as const;
  await changed({ consent });
  expect(await tierOf(world, tenant)).toBe('HOT');
  await changed({ consent: null });
  expect(await tierOf(world, tenant)).toBe('PERSISTENT');
});

test('page cache that is kept follows other rules at once', async () => {
  const world = new Orchestrated({ settings: { suspendAfter: seconds(5) } });
  const tenant = await world.tenant('acme');
  await world.orchestrator.recover();
  const session = world.session(tenant);
  await world.clock.advance(seconds(1));
  world.orchestrator.use(tenant.id, session.id, UNUSED);
  await world.clock.advance(minutes(1));
  expect(world.host.running).toEqual([]);
  expect(world.host.memoryOf(tenant.id).l2).toBeGreaterThan(0);
  world.orchestrator.setRules({ ...PRESETS.machine, l2BudgetMb: 1 });
  await world.clock.advance(seconds(1));
  expect(world.host.memoryOf(tenant.id).l2).toBe(0);
});

test('who set how soon it sleeps is not overruled by a wake ahead for what is left of a longer time', async () => {
  const world = new Orchestrated({
    rules: { ...PRESETS.adaptive, archiveAfter: null, snapshotEvery: null },
    settings: { suspendAfter: seconds(20) },
  });
  const tenant = await world.tenant('acme');
  await world.catalog.configure(tenant.id, { tier: 'WARM', plan: 'starter' });
  await world.orchestrator.recover();
  const session = world.session(tenant);
  await world.clock.advance(seconds(1));
  world.orchestrator.use(tenant.id, session.id, UNUSED);
  await world.clock.advance(minutes(30));
  expect(world.host.running).toEqual([]);
  expect(world.host.countOf('start')).toBe(1);
});

test('a decision says who has woken the tenant: a person, a robot or an operator', async () => {
  const rules = { ...PRESETS.vision, archiveAfter: null, snapshotEvery: null };
  const world = new Orchestrated({ rules });
  const reasons: string[] = [];
  const woken = async (name: string, wake: (tenant: Tenant) => Promise<unknown>) => {
    const tenant = await world.tenant(name);
    const done = wake(tenant);
    await world.clock.advance(seconds(1));
    await done;
    await world.orchestrator.recorded();
    const [last] = await world.policyStore.decisions(tenant.id, { before: null, limit: 1 });
    reasons.push(last?.because ?? '');
  };
  const cause = { kind: 'session', role: 'r', applicationName: 'pg_dump', from: '::1' } as const;
  const proxy = 'p' as ProxyId;
  await woken('one', (tenant) => world.session(tenant).address);
  await woken('two', ({ id }) =>
    world.orchestrator.wake({ tenant: id, proxy, cause: { ...cause, visitor: 'backup' } }),
  );
  await woken('three', ({ id }) => world.orchestrator.wakeTenant(id));
  expect(reasons).toEqual([
    'woken: a session of one from 127.0.0.1',
    'woken: a backup of r from ::1 (pg_dump)',
    'woken: an operator asked',
  ]);
});

test('one that is always awake is started again when its compute could not start', async () => {
  const world = new Orchestrated({ rules: ALWAYS });
  const tenant = await world.tenant('acme');
  await world.orchestrator.recover();
  world.session(tenant);
  await world.clock.advance(seconds(1));
  world.host.failNext('start', new Error('no memory'));
  world.host.crash(tenant.id);
  await world.clock.advance(minutes(5));
  expect(world.host.countOf('start')).toBe(3);
  expect(world.host.running).toEqual([tenant.id]);
});

test('those awake leave the list of those to be asked about, and are on it for a day after a crash', async () => {
  const world = new Orchestrated({ rules: ALWAYS });
  const tenant = await world.tenant('acme');
  await world.orchestrator.recover();
  world.session(tenant);
  await world.clock.advance(minutes(10));
  const within = (wait: ReturnType<typeof minutes>) =>
    world.policyStore.dueToAsk(later(world.clock.wall(), wait), 9);
  expect(await within(minutes(10))).toEqual([]);
  expect(await within(hours(25))).toHaveLength(1);
});

test('a minute that is told when its tenant sleeps again is learned', async () => {
  const world = new Orchestrated({ settings: { suspendAfter: seconds(5) } });
  const tenant = await world.tenant('acme');
  await world.orchestrator.recover();
  const session = world.session(tenant);
  await world.clock.advance(seconds(1));
  const minute = world.clock.wall();
  world.orchestrator.use(tenant.id, session.id, UNUSED);
  await world.clock.advance(minutes(5));
  expect(world.host.running).toEqual([]);
  world.orchestrator.used([minuteOf(tenant.id, minute), minuteOf('tn_gone' as TenantId, minute)]);
  await world.clock.advance(minutes(3));
  const { window } = await learnedOf(world, tenant);
  expect(window.today(minute)).toBe(60);
});

test('what was learned outlives a catalog that could not be read', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  const known = new Learned();
  known.window.add({ minute: world.clock.wall(), queries: 500, people: 500 });
  const askAt = null;
  await world.policyStore.saveLearned([{ tenant: tenant.id, bytes: known.encode(), askAt }]);
  world.restart();
  world.policyStore.failNext(fault('CATALOG_DOWN', {}));
  world.session(tenant);
  await world.clock.advance(minutes(5));
  const learned = await learnedOf(world, tenant);
  expect(learned.window.today(world.clock.wall())).toBe(500);
  expect(learned.usedAt).not.toBeNull();
});

test('a clock that was years ahead is forgotten', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  const known = new Learned();
  known.usedAt = later(world.clock.wall(), hours(50_000));
  const askAt = null;
  await world.policyStore.saveLearned([{ tenant: tenant.id, bytes: known.encode(), askAt }]);
  world.restart();
  world.session(tenant);
  await world.clock.advance(minutes(5));
  const { usedAt } = await learnedOf(world, tenant);
  expect(Number(usedAt)).toBeLessThanOrEqual(world.clock.wall());
});

test('a tenant that is deleted awake costs nothing any more', async () => {
  const world = new Orchestrated({ rules: { ...ALWAYS, ...adaptive(ALWAYS) } });
  await world.orchestrator.recover();
  const [one, other] = [await world.tenant('one'), await world.tenant('other')];
  world.session(one);
  await world.clock.advance(minutes(21));
  const removed = world.orchestrator.remove(one.id);
  await world.clock.advance(minutes(20));
  await removed;
  expect(world.host.running).not.toContain(one.id);
  // Nobody has ever come to the other: it is not woken ahead of anybody.
  expect(world.host.countOf(`start ${other.id}`)).toBe(0);
  expect(world.orchestrator.fleetPolicy().costShare).toBeLessThan(0.1);
});

const adaptive = ({ residency }: Rules): Pick<Rules, 'residency' | 'plans'> => ({
  residency: { ...residency, mode: 'adaptive' },
  plans: PRESETS.adaptive.plans,
});

test('a tier that must not sleep has no way down, whatever a person has set', () => {
  const { residency } = PRESETS.adaptive;
  const rules: Rules = {
    ...PRESETS.adaptive,
    residency: { ...residency, awakeAtLeast: { ...residency.awakeAtLeast, HOT: null } },
  };
  expect(wayDown('HOT', rules, seconds(10))).toEqual([]);
  expect(sleepsAfter(wayDown('WARM', rules, seconds(10)))).toBe(10_000);
  const near: Rules = {
    ...PRESETS.vision,
    residency: { ...PRESETS.vision.residency, coldest: { ...residency.coldest, HOT: 'L1' } },
  };
  expect(wayDown('HOT', near, null)).toEqual([]);
});

test('one start of minutes does not make every wake dear', () => {
  const { clock, log, policyStore, catalog } = new Orchestrated();
  const rules = (): Rules => PRESETS.adaptive;
  const price = new FleetPrice({
    world: { clock, log, policyStore, catalog },
    rules,
    rulesOf: (tenant) => rulesFor(rules(), tenant),
  });
  const before = price.wakeSeconds.L3;
  price.woke('L3', ms(300_000));
  expect(price.wakeSeconds.L3).toBeGreaterThan(before);
  expect(price.wakeSeconds.L3).toBeLessThan(before * 2);
});

test('a tier that comes with a wake changes the door, and what is remembered for logins stays', async () => {
  const { vision } = PRESETS;
  const cold = { ...vision.tiers.COLD, size: { ...vision.tiers.COLD.size, connectionsMax: 7 } };
  const rules = { ...vision, tiers: { ...vision.tiers, COLD: cold } };
  const world = new Orchestrated({ rules });
  const tenant = await world.tenant('acme');
  expect((await world.orchestrator.door(tenant.name))?.backendsMax).toBe(7);
  await world.orchestrator.credential(tenant.id, tenant.name);
  world.session(tenant);
  await world.clock.advance(ms(50));
  expect(await tierOf(world, tenant)).toBe('WARM');
  world.catalog.failNext('tenantByName', fault('CATALOG_DOWN', {}));
  world.catalog.failNext('verifier', fault('CATALOG_DOWN', {}));
  const door = await world.orchestrator.door(tenant.name);
  expect(door?.backendsMax).toBe(rules.tiers.WARM.size.connectionsMax);
  expect(await world.orchestrator.credential(tenant.id, tenant.name)).toBeDefined();
});
