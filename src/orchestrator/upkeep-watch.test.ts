import { expect, test } from 'vitest';
import { minutes, ms, seconds } from '../domain/units.ts';
import { Orchestrated, UNUSED } from '../testing/orchestrated.ts';

/** An awake tenant with one open session. */
async function inUse() {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  const session = world.session(tenant);
  await world.clock.advance(ms(20));
  const leave = () => world.orchestrator.use(tenant.id, session.id, UNUSED);
  return { world, tenant, leave };
}

const orderOf = (calls: readonly string[]): string[] =>
  calls.map((call) => call.split(' ')[0] ?? '');

test('an idle tenant is kept up once, then suspended', async () => {
  const { world, leave } = await inUse();
  leave();
  await world.clock.advance(minutes(16));
  expect(orderOf(world.host.calls)).toEqual([
    'create',
    'start',
    'settle',
    'upkeep',
    'remember',
    'roles',
    'stop',
  ]);
  // What was learned is written.
  await world.clock.advance(minutes(2));
  expect(world.clock.pending).toBe(0);
});

test('a tenant that nobody used is suspended without upkeep', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  await Promise.all([world.orchestrator.wakeTenant(tenant.id), world.clock.advance(ms(20))]);
  await world.clock.advance(minutes(16));
  expect(world.host.running).toEqual([]);
  expect(world.host.countOf('upkeep')).toBe(0);
});

test('an operator’s suspend and the end of the server do without upkeep', async () => {
  for (const end of ['suspend', 'close'] as const) {
    const { world, tenant, leave } = await inUse();
    leave();
    const ended =
      end === 'close'
        ? world.orchestrator.close({ detach: false })
        : world.orchestrator.suspend(tenant.id);
    await Promise.all([ended, world.clock.advance(seconds(1))]);
    expect(world.host.running).toEqual([]);
    expect(world.host.countOf('upkeep')).toBe(0);
  }
});

test('a session that comes during upkeep is served at once, and upkeep is due again', async () => {
  const { world, tenant, leave } = await inUse();
  world.host.upkeepTakes = minutes(1);
  leave();
  await world.clock.advance(minutes(15));
  expect(world.host.countOf('upkeep')).toBe(1);
  const session = world.session(tenant);
  expect(await session.address).toEqual({ socketPath: `/${tenant.id}` });
  await world.clock.advance(ms(0));
  expect(world.host.countOf('stop')).toBe(0);

  world.orchestrator.use(tenant.id, session.id, UNUSED);
  world.host.upkeepTakes = ms(15);
  await world.clock.advance(minutes(16));
  expect(world.host.countOf('upkeep')).toBe(2);
  expect(world.host.running).toEqual([]);
  // What was learned is written.
  await world.clock.advance(minutes(2));
  expect(world.clock.pending).toBe(0);
});

test('an operator who suspends during upkeep does not wait for it', async () => {
  const { world, tenant, leave } = await inUse();
  world.host.upkeepTakes = minutes(1);
  leave();
  await world.clock.advance(minutes(15));
  await Promise.all([world.orchestrator.suspend(tenant.id), world.clock.advance(ms(10))]);
  expect(world.host.running).toEqual([]);
});

test('upkeep that fails is told to the log and does not keep a tenant awake', async () => {
  const { world, leave } = await inUse();
  world.host.failNext('upkeep', new Error('no'));
  leave();
  await world.clock.advance(minutes(16));
  expect(world.host.running).toEqual([]);
  expect(world.log.alarming.length).toBe(1);
});

test('a compute that dies during upkeep is found out, and the next session starts another', async () => {
  const { world, tenant, leave } = await inUse();
  world.host.upkeepTakes = minutes(1);
  leave();
  await world.clock.advance(minutes(15));
  world.host.crash(tenant.id);
  const session = world.session(tenant);
  await world.clock.advance(ms(20));
  expect(await session.address).toEqual({ socketPath: `/${tenant.id}` });
  expect(world.host.countOf('start')).toBe(2);
});

test('a long session turns autovacuum on, and half a minute without any turns it off', async () => {
  const { world, tenant, leave } = await inUse();
  await world.clock.advance(ms(29_979));
  expect(world.host.vacuuming).toEqual([]);
  await world.clock.advance(ms(1));
  expect(world.host.vacuuming).toEqual([tenant.id]);
  await world.clock.advance(minutes(10));
  leave();
  await world.clock.advance(ms(29_999));
  expect(world.host.vacuuming).toEqual([tenant.id]);
  await world.clock.advance(ms(1));
  expect(world.host.vacuuming).toEqual([]);
  expect(world.host.countOf('autovacuum')).toBe(2);
});

test('many short sessions are use as well', async () => {
  const { world, tenant, leave } = await inUse();
  leave();
  for (let second = 0; second < 40; second++) {
    const session = world.session(tenant);
    await world.clock.advance(ms(100));
    world.orchestrator.use(tenant.id, session.id, UNUSED);
    await world.clock.advance(ms(900));
  }
  expect(world.host.vacuuming).toEqual([tenant.id]);
});

test('a tenant that is used now and then, and never suspended, is kept up all the same', async () => {
  const { world, tenant, leave } = await inUse();
  leave();
  for (let minute = 0; minute < 60; minute += 5) {
    await world.clock.advance(minutes(5));
    const session = world.session(tenant);
    await world.clock.advance(ms(100));
    world.orchestrator.use(tenant.id, session.id, UNUSED);
  }
  expect(world.host.countOf('stop')).toBe(0);
  expect(world.host.countOf('upkeep')).toBe(3);
});

test('a large compute is left to itself', async () => {
  const world = new Orchestrated();
  const row = await world.insert('acme', 'HOT');
  const tenant = await world.orchestrator.create(row);
  world.session(tenant);
  await world.clock.advance(minutes(5));
  expect(world.host.countOf('autovacuum')).toBe(0);
});

test('autovacuum that cannot be turned is told to the log, and tried at the next change', async () => {
  const { world, tenant, leave } = await inUse();
  world.host.failNext('autovacuum', new Error('no'));
  await world.clock.advance(minutes(1));
  expect(world.log.alarming.length).toBe(1);
  leave();
  world.session(tenant);
  await world.clock.advance(ms(1));
  expect(world.host.vacuuming).toEqual([tenant.id]);
});

test('after a restart of the server an idle tenant is told to stop vacuuming', async () => {
  const { world, tenant } = await inUse();
  await world.clock.advance(minutes(1));
  expect(world.host.vacuuming).toEqual([tenant.id]);
  world.restart();
  await world.orchestrator.recover();
  await world.clock.advance(seconds(31));
  expect(world.host.vacuuming).toEqual([]);
});
