/** Sessions that outlive the compute, as the control plane sees them. */
import { expect, test } from 'vitest';
import type { WakeCause } from '../domain/gate.ts';
import type { Tenant } from '../domain/tenant.ts';
import { hours, minutes, ms, seconds } from '../domain/units.ts';
import { inUse, outcomeOf } from '../testing/in-use.ts';
import { Orchestrated } from '../testing/orchestrated.ts';

const CAUSE: WakeCause = {
  kind: 'session',
  role: 'acme',
  applicationName: 'psql',
  from: '::1',
  visitor: 'person',
};

const suspendsTried = (world: Orchestrated): number =>
  world.catalog.moves.filter((move) => move.endsWith('running -> suspending')).length;

test('a session at rest holds nothing: it stays open while its tenant sleeps, and wakes it', async () => {
  const { world, proxy, tenant, session } = await inUse();
  await world.clock.advance(minutes(16));
  expect(world.host.running).toEqual([]);
  expect(world.orchestrator.live(tenant.id)).toMatchObject({ sessions: 1, bound: 0, heldBy: null });

  proxy.ask(session);
  await world.clock.advance(ms(20));
  expect(session.state).toBe('busy');
  expect(world.orchestrator.live(tenant.id)).toMatchObject({ bound: 1, heldBy: 'a query' });
  await world.clock.advance(hours(2));
  expect(world.host.running).toEqual([tenant.id]);
});

test('a session counts from its wake on, before the proxy has reported it', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  world.session(tenant);
  await world.clock.advance(ms(20));
  expect(world.orchestrator.live(tenant.id)).toMatchObject({
    sessions: 1,
    heldBy: 'a session needs it now',
  });
});

test('idleness counts from the last request, not from the report of it', async () => {
  const { world, tenant, proxy } = await inUse();
  const use = { sessions: 1, bound: 1, heldBy: null };
  await world.clock.advance(minutes(10));
  world.orchestrator.use(tenant.id, proxy.id, { ...use, idleFor: minutes(10) });
  const { suspendAt } = world.orchestrator.live(tenant.id);
  expect((suspendAt ?? 0) - world.clock.wall()).toBe(minutes(5));
  world.orchestrator.use(tenant.id, proxy.id, { ...use, idleFor: minutes(1) });
  await world.clock.advance(minutes(13));
  expect(world.host.running).toEqual([tenant.id]);
  await world.clock.advance(minutes(2));
  expect(world.host.running).toEqual([]);
});

test('an operator’s suspend parks sessions at rest, and names who is at work', async () => {
  const { world, proxy, tenant, session } = await inUse();
  proxy.ask(session);
  const busy = outcomeOf(world.orchestrator.suspend(tenant.id));
  await world.clock.advance(ms(10));
  expect(await busy).toMatchObject({
    code: 'TENANT_BUSY',
    message: 'tenant "acme" is held awake: a query',
  });
  expect(await world.stateOf(tenant)).toBe('running');
  expect(world.orchestrator.live(tenant.id).lastSuspendRefusal).toEqual({
    why: 'a query',
    at: world.clock.wall() - 9,
  });
  expect(session.state).toBe('busy');

  proxy.answered(session, 'idle');
  const done = world.orchestrator.suspend(tenant.id);
  await world.clock.advance(ms(20));
  expect((await done).state.kind).toBe('suspended');
  expect(session.state).toBe('idle');
  expect(world.proxies.violations).toEqual([]);
});

test('a refused suspend is tried again after the idle time, more and more seldom', async () => {
  const { world, tenant } = await inUse();
  await world.catalog.configure(tenant.id, { suspendAfter: seconds(1) });
  await world.orchestrator.changed(tenant.id);
  // A proxy that reports idleness, and refuses whenever it is asked.
  const why = 'session 1 is pinned: temporary objects';
  world.proxies.park = () => Promise.resolve({ kind: 'held', why });
  await world.clock.advance(minutes(1));
  expect(suspendsTried(world)).toBe(7);
  await world.clock.advance(minutes(10));
  expect(suspendsTried(world)).toBe(17);
  expect(world.orchestrator.live(tenant.id).lastSuspendRefusal?.why).toBe(
    'session 1 is pinned: temporary objects',
  );
});

test('a compute is suspended soon after what pinned it has gone', async () => {
  const { world, proxy, tenant, session } = await inUse();
  proxy.ask(session);
  proxy.answered(session, 'pinned');
  await world.clock.advance(hours(1));
  expect(world.orchestrator.live(tenant.id)).toMatchObject({
    heldBy: 'session 1 is pinned: temporary objects',
    suspendAt: null,
  });
  expect(suspendsTried(world)).toBe(0);
  proxy.close(session);
  await world.clock.advance(seconds(1));
  expect(world.host.running).toEqual([]);
});

test('a query that comes while sessions are being parked turns the suspend round', async () => {
  const { world, proxy, tenant, session } = await inUse();
  proxy.interrogationTakes = ms(100);
  const suspend = outcomeOf(world.orchestrator.suspend(tenant.id));
  await world.clock.advance(ms(50));
  proxy.ask(session);
  await world.clock.advance(ms(60));
  expect(await suspend).toMatchObject({ code: 'TENANT_BUSY' });
  expect(session.state).toBe('busy');
  expect(world.host.countOf('stop')).toBe(0);
});

test('a session of another proxy that comes while one is being parked turns the suspend round', async () => {
  const { world, proxy, tenant } = await inUse();
  const other = world.proxies.make('other');
  proxy.interrogationTakes = ms(100);
  const suspend = outcomeOf(world.orchestrator.suspend(tenant.id));
  await world.clock.advance(ms(50));
  const late = other.open(tenant.id);
  await world.clock.advance(ms(60));
  expect(await suspend).toMatchObject({
    message: 'tenant "acme" is held awake: a session came before the stop',
  });
  expect(late.state).toBe('busy');
  expect(world.host.countOf('stop')).toBe(0);
});

test('roles are read when nobody can change them any more, and only if the suspend goes on', async () => {
  const { world, proxy, tenant, session } = await inUse();
  proxy.interrogationTakes = ms(100);
  proxy.ask(session);
  const refused = outcomeOf(world.orchestrator.suspend(tenant.id));
  await world.clock.advance(ms(200));
  expect(await refused).toMatchObject({ code: 'TENANT_BUSY' });
  expect(world.host.countOf('roles')).toBe(0);

  proxy.answered(session, 'idle');
  const suspend = world.orchestrator.suspend(tenant.id);
  await world.clock.advance(ms(99));
  world.orchestrator.rolesChanged(tenant.id);
  expect(world.host.countOf('roles')).toBe(0);
  await world.clock.advance(ms(50));
  await suspend;
  const calls = world.host.calls.slice(-2).map((call) => call.split(' ')[0]);
  expect(calls).toEqual(['roles', 'stop']);
});

test('a proxy that does not answer keeps the compute running', async () => {
  const { world, proxy, tenant } = await inUse();
  proxy.interrogationTakes = hours(1);
  const suspend = outcomeOf(world.orchestrator.suspend(tenant.id));
  await world.clock.advance(seconds(11));
  expect(await suspend).toMatchObject({
    message: 'tenant "acme" is held awake: a proxy does not answer',
  });
  expect(await world.stateOf(tenant)).toBe('running');
});

test('after a stop only those hold the compute that have asked for it since', async () => {
  const { world, proxy, tenant } = await inUse();
  // A report that was on its way when the proxy parked the tenant.
  const late = { sessions: 1, bound: 1, heldBy: 'a query', idleFor: ms(0) };
  world.orchestrator.use(tenant.id, proxy.id, late);
  const suspend = world.orchestrator.suspend(tenant.id);
  await world.clock.advance(ms(20));
  await suspend;
  await Promise.all([world.orchestrator.wakeTenant(tenant.id), world.clock.advance(ms(20))]);
  expect(world.orchestrator.live(tenant.id)).toMatchObject({ sessions: 1, heldBy: null });
});

async function asleep(): Promise<{ world: Orchestrated; tenant: Tenant }> {
  const world = new Orchestrated();
  return { world, tenant: await world.tenant('acme') };
}

test('a tenant that is expected is started, and sleeps again soon if nobody comes', async () => {
  const { world, tenant } = await asleep();
  world.orchestrator.expect(tenant.id, CAUSE);
  world.orchestrator.expect(tenant.id, CAUSE);
  await world.clock.advance(ms(20));
  expect(world.host.running).toEqual([tenant.id]);
  expect(world.orchestrator.live(tenant.id).heldBy).toBe(null);
  const because = world.log.lines.map(({ fields }) => fields.because);
  expect(because).toContain('expected: a session of acme from ::1 (psql)');
  await world.clock.advance(seconds(14));
  expect(world.host.running).toEqual([tenant.id]);
  await world.clock.advance(seconds(2));
  expect(world.host.running).toEqual([]);
  expect(world.host.countOf('start')).toBe(1);
  // What was learned is written.
  await world.clock.advance(minutes(2));
  expect(world.clock.pending).toBe(0);
});

test('a tenant that is expected stays for who comes, also while it starts', async () => {
  for (const wait of [ms(5), seconds(10)]) {
    const { world, tenant } = await asleep();
    const proxy = world.proxies.make('proxy');
    world.orchestrator.expect(tenant.id, CAUSE);
    await world.clock.advance(wait);
    const session = proxy.open(tenant.id);
    await world.clock.advance(ms(20));
    expect(session.state).toBe('busy');
    proxy.answered(session, 'idle');
    await world.clock.advance(minutes(10));
    expect(world.host.running).toEqual([tenant.id]);
    expect(world.host.countOf('start')).toBe(1);
  }
});

test('nobody is expected in a tenant that has failed, is gone, or when others want to wake', async () => {
  const world = new Orchestrated({ atOnce: 2 });
  const [failed, sleeping, other] = await Promise.all(['a', 'b', 'c'].map((n) => world.tenant(n)));
  if (!failed || !sleeping || !other) throw new Error('three tenants');
  world.host.failNext('start', new Error('no memory'));
  await outcomeOf(world.orchestrator.wakeTenant(failed.id));
  await world.clock.advance(minutes(1));
  const starts = world.host.countOf('start');
  world.orchestrator.expect(failed.id, CAUSE);
  world.orchestrator.expect('tn_000000000000' as typeof failed.id, CAUSE);
  await world.clock.advance(ms(1));
  expect(world.host.countOf('start')).toBe(starts);
  const real = world.orchestrator.wakeTenant(other.id);
  await world.clock.advance(ms(1));
  world.orchestrator.expect(sleeping.id, CAUSE);
  await world.clock.advance(ms(30));
  await real;
  expect(world.host.running).toEqual([other.id]);
});

test('sessions of sleeping tenants are counted without a life, and forgotten when they go', async () => {
  const { world, tenant } = await asleep();
  const proxy = world.proxies.make('proxy');
  world.catalog.failNext('tenantById', new Error('the catalog must not be asked'));
  const use = { sessions: 3, bound: 0, heldBy: null, idleFor: hours(1) };
  world.orchestrator.use(tenant.id, proxy.id, use);
  world.orchestrator.use(tenant.id, 'other' as typeof proxy.id, { ...use, sessions: 2 });
  expect(world.orchestrator.live(tenant.id)).toEqual({
    sessions: 5,
    bound: 0,
    heldBy: null,
    idleSince: null,
    suspendAt: null,
    lastSuspendRefusal: null,
    descent: null,
  });
  expect(world.orchestrator.fleetUse()).toEqual({ sessions: 5, bound: 0, inUse: [] });
  world.catalog.forgive();
  for (const id of [proxy.id, 'other' as typeof proxy.id]) {
    world.orchestrator.use(tenant.id, id, { ...use, sessions: 0 });
  }
  expect(world.orchestrator.fleetUse()).toEqual({ sessions: 0, bound: 0, inUse: [] });
});

test('after a restart of the server idleness counts from then, until the proxies have reported', async () => {
  const { world, tenant, proxy, session } = await inUse();
  await world.clock.advance(minutes(14));
  world.restart();
  await world.orchestrator.recover();
  await world.clock.advance(minutes(14));
  expect(world.host.running).toEqual([tenant.id]);
  proxy.ask(session);
  expect(session.state).toBe('busy');
  await world.clock.advance(hours(1));
  expect(world.host.running).toEqual([tenant.id]);
  expect(world.orchestrator.fleetUse()).toEqual({ sessions: 1, bound: 1, inUse: [tenant.id] });
});

test('a tier that always runs is not suspended for idleness', async () => {
  const world = new Orchestrated();
  const row = await world.insert('acme', 'PERSISTENT');
  await world.orchestrator.create(row);
  await Promise.all([world.orchestrator.wakeTenant(row.id), world.clock.advance(ms(20))]);
  await world.clock.advance(hours(100));
  expect(world.host.running).toEqual([row.id]);
  expect(world.orchestrator.live(row.id).heldBy).toBe('its tier always runs');
});

test('a door says what a tenant may have: asked, else set, else our default', async () => {
  const world = new Orchestrated();
  const doorOf = async (tenant: Tenant) => {
    const door = await world.orchestrator.door(tenant.name);
    return [door?.sessionsMax, door?.backendsMax, door?.maxPinIdle];
  };
  const plain = await world.tenant('plain');
  expect(await doorOf(plain)).toEqual([100, 200, hours(1)]);
  await world.catalog.configure(plain.id, { sessionsMax: 5_000, maxPinIdle: minutes(1) });
  await world.orchestrator.changed(plain.id);
  expect(await doorOf(plain)).toEqual([5_000, 200, minutes(1)]);
  await world.catalog.configure(plain.id, { maxPinIdle: ms(0) });
  await world.orchestrator.changed(plain.id);
  expect(await doorOf(plain)).toEqual([5_000, 200, null]);
  const always = await world.orchestrator.create(await world.insert('always', 'PERSISTENT'));
  await world.catalog.configure(always.id, { maxPinIdle: minutes(1) });
  expect(await doorOf(always)).toEqual([100, 400, null]);
  world.restart({ settings: { sessionsMax: null, backendsMax: 20, maxPinIdle: ms(0) } });
  expect(await doorOf(await world.tenant('other'))).toEqual([2_000, 20, null]);
});
