import { expect, test } from 'vitest';
import { FAILPOINTS, type FailpointName } from '../domain/failpoints.ts';
import { Fault, fault } from '../domain/faults.ts';
import { minutes, ms, seconds } from '../domain/units.ts';
import { settled } from '../sim/virtual-clock.ts';
import { Orchestrated, UNUSED, verifierOf } from '../testing/orchestrated.ts';

/** A failpoint at which the program goes no further, as if it had been killed there. */
const dieAt = (point: FailpointName) => ({
  reach: (reached: FailpointName): Promise<void> =>
    reached === point ? new Promise(() => {}) : Promise.resolve(),
});

test('a tenant sleeps, wakes for a session, and sleeps again when it has been idle', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  const session = world.session(tenant);
  await world.clock.advance(ms(20));
  expect(await session.address).toEqual({ socketPath: `/${tenant.id}` });
  expect(await world.stateOf(tenant)).toBe('running');

  await world.clock.advance(minutes(60));
  expect(world.host.running).toEqual([tenant.id]);

  world.orchestrator.use(tenant.id, session.id, UNUSED);
  await world.clock.advance(minutes(14));
  expect(world.host.running).toEqual([tenant.id]);
  await world.clock.advance(minutes(2));
  expect(world.host.running).toEqual([]);
  expect(world.catalog.moves).toEqual([
    'acme: creating -> suspended',
    'acme: suspended -> waking',
    'acme: waking -> running',
    'acme: running -> suspending',
    'acme: suspending -> suspended',
  ]);
  // What was learned is written.
  await world.clock.advance(minutes(2));
  expect(world.clock.pending).toBe(0);
  expect(world.log.alarming).toEqual([]);
});

test('two hundred sessions of a sleeping tenant cause one start', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  const sessions = Array.from({ length: 200 }, () => world.session(tenant));
  await world.clock.advance(ms(20));
  const addresses = await Promise.all(sessions.map((s) => s.address));
  expect(new Set(addresses.map((a) => JSON.stringify(a)))).toEqual(
    new Set([JSON.stringify({ socketPath: `/${tenant.id}` })]),
  );
  expect(world.host.countOf('start')).toBe(1);
});

test('a hundred tenants wake in order of arrival, never more at once than allowed', async () => {
  const world = new Orchestrated({ atOnce: 4 });
  const tenants = await Promise.all(Array.from({ length: 100 }, (_, i) => world.tenant(`t${i}`)));
  const sessions = tenants.map((tenant) => world.session(tenant));
  await world.clock.advance(ms(20));
  expect(world.host.running.length).toBe(4);
  await world.clock.advance(ms(20 * 25));
  expect(world.host.running.length).toBe(100);
  await Promise.all(sessions.map((s) => s.address));
  const started = world.host.calls.filter((c) => c.startsWith('start'));
  expect(started).toEqual(tenants.map((t) => `start ${t.id}`));
});

test('a session that comes while the intent to suspend is written turns it round', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  const first = world.session(tenant);
  await world.clock.advance(ms(20));
  world.orchestrator.use(tenant.id, first.id, UNUSED);
  const suspend = world.orchestrator.suspend(tenant.id).catch((error: unknown) => error);
  const second = world.session(tenant);
  expect(await second.address).toEqual({ socketPath: `/${tenant.id}` });
  expect(await suspend).toMatchObject({ code: 'TENANT_BUSY' });
  expect(world.host.countOf('stop')).toBe(0);
  expect(await world.stateOf(tenant)).toBe('running');
});

test('a session that comes while the compute stops is served by the next start', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  await Promise.all([world.orchestrator.wakeTenant(tenant.id), world.clock.advance(ms(20))]);
  const suspend = world.orchestrator.suspend(tenant.id);
  await world.clock.advance(ms(5));
  expect(world.host.countOf('stop')).toBe(1);
  const session = world.session(tenant);
  await world.clock.advance(ms(50));
  await suspend;
  expect(await session.address).toEqual({ socketPath: `/${tenant.id}` });
  expect(world.host.countOf('start')).toBe(2);
});

test('a compute that cannot start is tried again after a growing wait, and says why', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  const first = world.session(tenant);
  world.host.failNext('start', new Error('out of memory'));
  await settled();
  expect(await first.address).toMatchObject({
    code: 'WAKE_FAILED',
    message: 'database "acme" could not start (out of memory); the next try is in 1 s',
  });
  expect(await world.session(tenant).address).toMatchObject({ code: 'WAKE_FAILED' });
  expect(world.host.countOf('start')).toBe(1);

  await world.clock.advance(ms(500));
  world.host.failNext('start', new Error('out of memory'));
  expect(await world.session(tenant).address).toMatchObject({ code: 'WAKE_FAILED' });
  await world.clock.advance(ms(999));
  expect(await world.session(tenant).address).toMatchObject({ code: 'WAKE_FAILED' });
  expect(world.host.countOf('start')).toBe(2);

  await world.clock.advance(ms(1));
  const last = world.session(tenant);
  await world.clock.advance(ms(20));
  expect(await last.address).toEqual({ socketPath: `/${tenant.id}` });
});

test('a client is told after the deadline, and the start it began is finished for the next', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  world.host.startTakes = seconds(40);
  const session = world.session(tenant);
  await world.clock.advance(seconds(30));
  expect(await session.address).toMatchObject({
    code: 'WAKE_TIMEOUT',
    message: 'database "acme" is still waking after 30000 ms (PostgreSQL is starting); try again',
  });
  await world.clock.advance(seconds(10));
  expect(await world.stateOf(tenant)).toBe('running');
});

test('a wake whose clients have all gone is dropped while it waits for its turn', async () => {
  const world = new Orchestrated({ atOnce: 1 });
  const one = await world.tenant('one');
  const other = await world.tenant('other');
  world.host.startTakes = seconds(40);
  world.session(one);
  const waiting = world.session(other);
  await world.clock.advance(seconds(30));
  expect(await waiting.address).toMatchObject({ code: 'WAKE_TIMEOUT' });
  await world.clock.advance(seconds(60));
  expect(world.host.countOf(`start ${other.id}`)).toBe(0);
  expect(await world.stateOf(other)).toBe('suspended');
});

test('a full wake queue refuses the next tenant and keeps those that wait', async () => {
  const world = new Orchestrated({ atOnce: 1, waitingMax: 1 });
  const tenants = await Promise.all(['a', 'b', 'c'].map((name) => world.tenant(name)));
  const sessions = tenants.map((tenant) => world.session(tenant));
  expect(await sessions[2]?.address).toMatchObject({ code: 'WAKES_FULL' });
  await world.clock.advance(ms(40));
  expect(world.host.running.length).toBe(2);
});

test('a lost compute is noticed and started again by the next session', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  const session = world.session(tenant);
  await world.clock.advance(ms(20));
  world.host.crash(tenant.id);
  await settled();
  expect(await world.stateOf(tenant)).toBe('suspended');
  world.orchestrator.use(tenant.id, session.id, UNUSED);
  const next = world.session(tenant);
  await world.clock.advance(ms(20));
  expect(await next.address).toEqual({ socketPath: `/${tenant.id}` });
});

test('a compute that is lost again and again is given a pause', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  for (let loss = 0; loss < 4; loss++) {
    const session = world.session(tenant);
    await world.clock.advance(ms(20));
    world.host.crash(tenant.id);
    await settled();
    world.orchestrator.use(tenant.id, session.id, UNUSED);
  }
  expect(await world.session(tenant).address).toMatchObject({
    code: 'WAKE_FAILED',
    message:
      'database "acme" could not start (it ended too often in a minute); the next try is in 1 s',
  });
  await world.clock.advance(ms(500));
  const next = world.session(tenant);
  await world.clock.advance(ms(20));
  expect(await next.address).toEqual({ socketPath: `/${tenant.id}` });
});

test('a removed tenant tells its sessions, and is gone for those that come', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  const session = world.session(tenant);
  await world.clock.advance(ms(20));
  await session.address;
  await Promise.all([world.orchestrator.remove(tenant.id), world.clock.advance(ms(10))]);
  expect(world.ended.map((e) => e.because.code)).toEqual(['TENANT_DELETED']);
  expect(await world.stateOf(tenant)).toBe(undefined);
  expect(world.host.placed).toEqual([]);
  expect(await world.session(tenant).address).toMatchObject({ code: 'TENANT_UNKNOWN' });
});

test('a new tenant that finds no room at its first wake is woken once there is some', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  world.host.failNext('create', fault('DISK_FULL', { what: 'no room' }));
  const first = world.session(tenant);
  await world.clock.advance(ms(20));
  expect(await first.address).toMatchObject({ code: 'WAKE_FAILED' });
  expect(world.host.placed).toEqual([]);
  await world.clock.advance(seconds(60));
  const second = world.session(tenant);
  await world.clock.advance(ms(20));
  expect(await second.address).toEqual({ socketPath: `/${tenant.id}` });
  expect(await world.catalog.tenantById(tenant.id)).toMatchObject({ home: { kind: 'local' } });
});

test('a write that fails after the stop is healed by the next session', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  await Promise.all([world.orchestrator.wakeTenant(tenant.id), world.clock.advance(ms(20))]);
  const suspend = world.orchestrator.suspend(tenant.id).catch((error: unknown) => error);
  await world.clock.advance(ms(5));
  world.catalog.failNext('move', fault('CATALOG_DOWN', {}));
  await world.clock.advance(ms(5));
  expect(await suspend).toMatchObject({ code: 'CATALOG_DOWN' });
  expect(await world.stateOf(tenant)).toBe('suspending');
  const session = world.session(tenant);
  await world.clock.advance(ms(20));
  expect(await session.address).toEqual({ socketPath: `/${tenant.id}` });
});

test('a refused login finds the new password once a change of roles is under way', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  world.session(tenant);
  await world.clock.advance(ms(20));
  world.orchestrator.rolesChanged(tenant.id);
  await world.orchestrator.credential(tenant.id, 'acme');
  expect(world.host.countOf('roles')).toBe(1);
});

test('a rotated password reaches a running compute before the next session does', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  world.session(tenant);
  await world.clock.advance(ms(20));
  await world.catalog.rotateOwner(tenant.id, verifierOf('C'));
  const changed = world.orchestrator.changed(tenant.id);
  const session = world.session(tenant);
  await Promise.all([changed, session.address]);
  expect(world.host.countOf('settle')).toBe(2);
  expect((await world.catalog.tenantById(tenant.id))?.settled).toBe(true);
});

test('closing stops every compute, or leaves them all', async () => {
  for (const detach of [false, true]) {
    const world = new Orchestrated();
    const tenant = await world.tenant('acme');
    world.session(tenant);
    await world.clock.advance(ms(20));
    await Promise.all([world.orchestrator.close({ detach }), world.clock.advance(ms(10))]);
    expect(world.host.running.length).toBe(detach ? 1 : 0);
    expect(await world.session(tenant).address).toMatchObject({ code: 'SERVER_STOPPING' });
  }
});

test('closing stops computes also while the catalog is away, and the next start heals the row', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  world.session(tenant);
  await world.clock.advance(ms(20));
  world.catalog.failNext('move', fault('CATALOG_DOWN', {}));
  await Promise.all([world.orchestrator.close({ detach: false }), world.clock.advance(ms(10))]);
  expect(world.host.running).toEqual([]);
  expect(await world.stateOf(tenant)).toBe('running');
  world.restart();
  await Promise.all([world.orchestrator.recover(), world.clock.advance(seconds(1))]);
  expect(await world.stateOf(tenant)).toBe('suspended');
});

const OWN_POINTS = FAILPOINTS.filter((p) => /^(create|wake|suspend|delete)\./.test(p));

test.each(OWN_POINTS)('a crash at %s heals, twice in a row', async (point) => {
  const world = new Orchestrated({ failpoints: dieAt(point) });
  const row = await world.insert('acme');
  const story = async (): Promise<void> => {
    await world.orchestrator.create(row);
    await world.orchestrator.wakeTenant(row.id);
    await world.orchestrator.suspend(row.id);
    await world.orchestrator.remove(row.id);
  };
  story().catch(() => {});
  await world.clock.advance(seconds(1));

  for (const failpoints of [dieAt(point), undefined]) {
    world.restart(failpoints === undefined ? {} : { failpoints });
    const recovery = await world.orchestrator.recover();
    await world.clock.advance(seconds(1));
    if (failpoints === undefined) await recovery.healed;
  }
  const state = await world.stateOf(row);
  expect(['suspended', 'running', undefined]).toContain(state);
  if (state === undefined) {
    expect(world.host.placed).toEqual([]);
    return;
  }
  const session = world.session(row);
  await world.clock.advance(seconds(1));
  expect(await session.address).toEqual({ socketPath: `/${row.id}` });
  expect(await world.stateOf(row)).toBe('running');
});

test('what is thrown is a fault wherever a client can see it', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  world.catalog.failNext('move', fault('CATALOG_DOWN', {}));
  expect(await world.session(tenant).address).toBeInstanceOf(Fault);
});
