/** Restarts in place, under sessions that are parked meanwhile. */
import { expect, test } from 'vitest';
import type { FailpointName } from '../domain/failpoints.ts';
import { minutes, ms, seconds } from '../domain/units.ts';
import { inUse, outcomeOf } from '../testing/in-use.ts';
import { Orchestrated } from '../testing/orchestrated.ts';

const SOON = { within: seconds(2), force: false };

test('a restart under a session at rest is a pause, also for who asks meanwhile', async () => {
  const { world, proxy, tenant, session } = await inUse();
  const restart = world.orchestrator.restart(tenant.id, SOON);
  await world.clock.advance(ms(5));
  expect(world.host.countOf('stop')).toBe(1);
  proxy.ask(session);
  expect(session.state).toBe('waiting');
  await world.clock.advance(ms(50));
  expect((await restart).state.kind).toBe('running');
  expect(session.state).toBe('busy');
  expect(world.host.countOf('start')).toBe(2);
  expect(world.orchestrator.live(tenant.id).heldBy).toBe('a query');
  expect(world.proxies.violations).toEqual([]);
});

test('a restart waits for who is at work, no longer than it is told, and ends them by force only', async () => {
  const { world, proxy, tenant, session } = await inUse();
  proxy.ask(session);
  const refused = outcomeOf(world.orchestrator.restart(tenant.id, SOON));
  await world.clock.advance(seconds(1));
  expect(await world.stateOf(tenant)).toBe('suspending');
  await world.clock.advance(seconds(2));
  expect(await refused).toMatchObject({ code: 'TENANT_BUSY' });
  expect(await world.stateOf(tenant)).toBe('running');
  expect(session.state).toBe('busy');

  const forced = world.orchestrator.restart(tenant.id, { ...SOON, force: true });
  await world.clock.advance(seconds(3));
  expect((await forced).state.kind).toBe('running');
  expect(session.state).toBe('gone');
  expect(world.host.countOf('start')).toBe(2);
});

test('a restart lets a tenant sleep that sleeps, and tries one at once that has failed', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  expect((await world.orchestrator.restart(tenant.id, SOON)).state.kind).toBe('suspended');
  expect(world.host.countOf('start')).toBe(0);

  world.host.failNext('start', new Error('no memory'));
  await outcomeOf(world.orchestrator.wakeTenant(tenant.id));
  expect(await world.stateOf(tenant)).toBe('failed');
  const restart = world.orchestrator.restart(tenant.id, SOON);
  await world.clock.advance(ms(20));
  expect((await restart).state.kind).toBe('running');
});

test('a restart that cannot start says so, and leaves a tenant that is tried again later', async () => {
  const { world, proxy, tenant, session } = await inUse();
  world.host.failNext('start', new Error('no memory'));
  const restart = outcomeOf(world.orchestrator.restart(tenant.id, SOON));
  await world.clock.advance(ms(20));
  expect(await restart).toMatchObject({ code: 'WAKE_FAILED' });
  await world.clock.advance(ms(500));
  proxy.ask(session);
  await world.clock.advance(ms(20));
  expect(session.state).toBe('busy');
});

test('neither the end of the server nor a removal waits for who keeps a restart waiting', async () => {
  for (const end of ['close', 'remove'] as const) {
    const { world, proxy, tenant, session } = await inUse();
    proxy.ask(session);
    const patient = { within: minutes(10), force: false };
    const restart = outcomeOf(world.orchestrator.restart(tenant.id, patient));
    await world.clock.advance(seconds(1));
    const ended =
      end === 'close'
        ? world.orchestrator.close({ detach: false })
        : world.orchestrator.remove(tenant.id);
    await world.clock.advance(seconds(1));
    await ended;
    expect(await restart).toMatchObject({ code: 'TENANT_BUSY' });
    expect(world.host.running).toEqual([]);
  }
});

const RESTART_POINTS = [
  'suspend.recorded',
  'suspend.parked',
  'suspend.stopped',
  'suspend.done',
  'wake.recorded',
  'wake.started',
  'wake.done',
] as const satisfies FailpointName[];

test.each(RESTART_POINTS)('a crash at %s of a restart heals under the sessions', async (point) => {
  let armed = false;
  const reach = (reached: FailpointName): Promise<void> =>
    armed && reached === point ? new Promise(() => {}) : Promise.resolve();
  const world = new Orchestrated({ failpoints: { reach } });
  const proxy = world.proxies.make('proxy');
  const tenant = await world.tenant('acme');
  const session = proxy.open(tenant.id);
  await world.clock.advance(ms(20));
  proxy.answered(session, 'idle');
  armed = true;
  world.orchestrator.restart(tenant.id, SOON).catch(() => {});
  await world.clock.advance(seconds(1));
  proxy.ask(session);
  world.restart();
  await world.orchestrator.recover();
  await world.clock.advance(seconds(1));
  expect(session.state).toBe('busy');
  expect(await world.stateOf(tenant)).toBe('running');
  expect(world.proxies.violations).toEqual([]);
});

test('another size class is brought by a restart in place', async () => {
  const { world, tenant, session } = await inUse();
  world.catalog.setTier(tenant.id, 'HOT');
  const changed = world.orchestrator.changed(tenant.id);
  await world.clock.advance(ms(50));
  expect((await changed).state.kind).toBe('running');
  expect(world.host.countOf('start')).toBe(2);
  expect(session.state).toBe('idle');
  await world.orchestrator.changed(tenant.id);
  expect(world.host.countOf('start')).toBe(2);
});

test('another size class waits for the next start while somebody is at work', async () => {
  const { world, proxy, tenant, session } = await inUse();
  proxy.ask(session);
  world.catalog.setTier(tenant.id, 'HOT');
  const changed = world.orchestrator.changed(tenant.id);
  await world.clock.advance(seconds(6));
  expect(await changed).toMatchObject({ tier: 'HOT', state: { kind: 'running' } });
  expect(world.host.countOf('start')).toBe(1);
  expect(session.state).toBe('busy');
});
