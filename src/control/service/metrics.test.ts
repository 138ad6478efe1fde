import { expect, test } from 'vitest';
import type { TenantId } from '../../domain/ids.ts';
import { hours, minutes, ms } from '../../domain/units.ts';
import { Controlled } from '../../testing/controlled.ts';
import { Orchestrated } from '../../testing/orchestrated.ts';
import { gatherMetrics } from './metrics.ts';

test('only tenants whose sessions have backends are asked; the rest is counted from reports', async () => {
  const world = new Orchestrated();
  const [one, other] = [world.proxies.make('one'), world.proxies.make('other')];
  const tenants = await Promise.all(['a', 'b', 'c'].map((name) => world.tenant(name)));
  const [a, b, c] = tenants;
  if (!a || !b || !c) throw new Error('three tenants');
  const sessions = [one.open(a.id), other.open(a.id), one.open(b.id)];
  await world.clock.advance(ms(50));
  for (const session of sessions) session.proxy.answered(session, 'idle');
  const work = one.open(a.id);
  expect(work.state).toBe('busy');
  await Promise.all([world.orchestrator.suspend(b.id), world.clock.advance(ms(50))]);

  const asked: TenantId[] = [];
  const list = world.proxies.list.bind(world.proxies);
  world.proxies.list = (tenant) => {
    asked.push(tenant);
    return list(tenant);
  };
  const { catalog, orchestrator, proxies } = world;
  const found = await gatherMetrics({ catalog, lifecycle: orchestrator, sessions: () => proxies });
  expect(asked).toEqual([a.id]);
  expect(found.sessions).toEqual({ bound: 3, pinned: 0, parked: 1, waiting: 0 });
  expect(found.tenants).toMatchObject({ running: 1, suspended: 2 });
});

test('changes that could not be saved in time are a warning of the status', async () => {
  const controlled = new Controlled();
  const { control, world } = controlled;
  const { tenant } = await control.createTenant({ name: 'acme' });
  await controlled.done(control.wakeTenant('acme'));
  expect((await control.status()).unsavedSince).not.toBe(null);
  await world.clock.advance(hours(2));
  expect((await control.status()).warnings).toEqual([]);
  await world.clock.advance(minutes(6));
  const [warning] = (await control.status()).warnings;
  expect(warning).toContain('changes of the last 126 min are in no snapshot');
  await controlled.done(control.createSnapshot(tenant.id, null));
  expect((await control.status()).warnings).toEqual([]);
});
