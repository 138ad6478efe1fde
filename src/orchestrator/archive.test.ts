import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { hours, minutes, ms, seconds } from '../domain/units.ts';
import { Orchestrated } from '../testing/orchestrated.ts';
import { archived, outcome, rowOf, sleeping, use } from '../testing/tenants-at-rest.ts';

/** From now on the files of some tenants cannot be saved. */
function unreadable(world: Orchestrated, bad: ReadonlySet<TenantId>): void {
  const archive = world.host.archive.bind(world.host);
  world.host.archive = async (id, request) => {
    if (bad.has(id)) throw new Error('a file cannot be read');
    return await archive(id, request);
  };
}

test('a sleeping tenant goes to the archive when it is asked to, and comes back whole', async () => {
  const world = new Orchestrated();
  const tenant = await sleeping(world);
  const away = await outcome(world, world.orchestrator.archive(tenant.id));
  expect(away).toMatchObject({
    state: { kind: 'suspended' },
    home: { kind: 'archive' },
    dirtySince: null,
  });
  expect(world.host.placed).toEqual([]);
  await use(world, tenant, 1);
  expect(world.host.writesOf(tenant.id)).toBe(4);
  expect(await rowOf(world, tenant)).toMatchObject({ home: { kind: 'local' } });
  const steps = await world.catalog.steps(tenant.id, 3);
  expect(steps.map(({ kind, from }) => [kind, from])).toEqual([
    ['wake', 'L4'],
    ['hydrate', null],
    ['archive', null],
  ]);
  expect(await world.catalog.levels(tenant.id)).toMatchObject({ wakesL3: 0, wakesL4: 1 });
});

test('an awake tenant is suspended first, and stays if somebody is at work', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  await use(world, tenant, 1);
  const proxy = world.proxies.make('proxy');
  const session = proxy.open(tenant.id);
  await world.clock.advance(seconds(1));
  const refused = await outcome(world, world.orchestrator.archive(tenant.id));
  expect(refused).toMatchObject({ code: 'TENANT_BUSY' });
  expect(world.host.running).toEqual([tenant.id]);
  proxy.answered(session, 'idle');
  await outcome(world, world.orchestrator.archive(tenant.id));
  expect(world.host.placed).toEqual([]);
  proxy.ask(session);
  await world.clock.advance(seconds(1));
  expect([session.state, world.host.writesOf(tenant.id)]).toEqual(['busy', 2]);
});

test('a tenant is archived when it has been at rest for the time of the rules, not before', async () => {
  const world = new Orchestrated({ rules: { archiveAfter: hours(24) } });
  await world.orchestrator.recover();
  const tenant = await sleeping(world);
  const { stateSince } = await rowOf(world, tenant);
  await world.clock.advance(ms(hours(24) - (world.clock.wall() - stateSince)));
  expect(world.host.placed).toEqual([tenant.id]);
  await world.clock.advance(minutes(1));
  expect(world.host.placed).toEqual([]);
});

test('a session that comes at any moment of an archiving is served with all its data', async () => {
  const saveTakes = seconds(2);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: saveTakes + 100 }), async (moment) => {
      const world = new Orchestrated();
      const tenant = await sleeping(world);
      world.archive.saveTakes = saveTakes;
      const archiving = world.orchestrator.archive(tenant.id).catch((error: unknown) => error);
      await world.clock.advance(ms(moment));
      const session = world.session(tenant);
      await world.clock.advance(ms(20));
      expect(await session.address).toEqual({ socketPath: `/${tenant.id}` });
      expect(world.host.writesOf(tenant.id)).toBe(3);
      const isEarly = moment < saveTakes;
      expect(world.host.countOf('remove')).toBe(isEarly ? 0 : 1);
      expect(await archiving).toMatchObject(isEarly ? { code: 'TENANT_BUSY' } : { id: tenant.id });
      expect(world.log.alarming).toEqual([]);
    }),
    { numRuns: 50, examples: [[0], [saveTakes - 1], [saveTakes], [saveTakes + 1]] },
  );
});

test('while the archive is away tenants stay, as long at rest as they are, until it is back', async () => {
  const world = new Orchestrated({ rules: { archiveAfter: hours(24) } });
  await world.orchestrator.recover();
  const tenants = [await sleeping(world, 'one'), await sleeping(world, 'other')];
  const before = await Promise.all(tenants.map((tenant) => rowOf(world, tenant)));
  world.archive.down = fault('ARCHIVE_DOWN', { why: 'it is away' });
  await world.clock.advance(hours(72));
  expect(await Promise.all(tenants.map((tenant) => rowOf(world, tenant)))).toEqual(before);
  world.archive.down = null;
  await world.clock.advance(minutes(2));
  expect(world.host.placed).toEqual([]);
});

test('an archive that goes away during a save leaves the tenant where it is', async () => {
  const world = new Orchestrated();
  const tenant = await sleeping(world);
  world.archive.saveTakes = seconds(10);
  const archiving = world.orchestrator.archive(tenant.id).catch((error: unknown) => error);
  await world.clock.advance(seconds(5));
  world.archive.down = fault('ARCHIVE_DOWN', { why: 'it is away' });
  await world.clock.advance(seconds(5));
  expect(await archiving).toMatchObject({ code: 'ARCHIVE_DOWN' });
  expect(await rowOf(world, tenant)).toMatchObject({
    state: { kind: 'suspended' },
    home: { kind: 'local' },
  });
  expect(world.host.writesOf(tenant.id)).toBe(3);
});

test('tenants that cannot be saved are tried more and more seldom, and hold up nobody', async () => {
  const world = new Orchestrated({ rules: { snapshotEvery: hours(1) } });
  await world.orchestrator.recover();
  const bad: Tenant[] = [];
  for (let i = 0; i < 60; i++) bad.push(await sleeping(world, `bad${i}`));
  unreadable(world, new Set(bad.map(({ id }) => id)));
  await world.clock.advance(minutes(2));
  const good = await sleeping(world, 'good');
  await world.clock.advance(ms(hours(1) + minutes(2)));
  expect((await rowOf(world, good)).dirtySince).toBe(null);
  const triesOf = (id: TenantId): number =>
    world.log.lines.filter(
      ({ message, fields }) => message === 'a tenant could not be saved' && fields.tenant === id,
    ).length;
  await world.clock.advance(hours(6));
  // At 1:00, 1:05, 1:15, 1:35, 2:15, 3:35 and 6:15.
  expect(bad.map(({ id }) => triesOf(id))).toEqual(bad.map(() => 7));
});

test('a damaged snapshot fails the wake with its reason, and the one before it brings the tenant back', async () => {
  const world = new Orchestrated();
  const { id } = await sleeping(world);
  const first = await outcome(world, world.orchestrator.snapshot(id, 'first'));
  await use(world, await rowOf(world, { id }), 2);
  await outcome(world, world.orchestrator.suspend(id));
  const away = await outcome(world, world.orchestrator.archive(id));
  if (away.home.kind !== 'archive') throw new Error('it is not archived');
  const ref = { tenant: id, vault: away.vault, snapshot: away.home.snapshot };
  world.archive.damage(ref, 'chunk 7 is missing');
  const failed = await outcome(world, world.session(away).address);
  expect(failed).toMatchObject({ code: 'WAKE_FAILED' });
  expect((await rowOf(world, away)).state).toMatchObject({
    kind: 'failed',
    reason: expect.stringContaining('chunk 7 is missing'),
  });
  const again = await outcome(world, world.orchestrator.restore(id, ref.snapshot));
  expect(again).toMatchObject({ code: 'ARCHIVE_CORRUPT' });
  await outcome(world, world.orchestrator.restore(id, first.id));
  await use(world, away, 0);
  expect(world.host.writesOf(id)).toBe(3);
});

test('a wake that finds the archive away heals by itself once it is back', async () => {
  const world = new Orchestrated();
  const tenant = await archived(world);
  world.archive.down = fault('ARCHIVE_DOWN', { why: 'it is away' });
  expect(await outcome(world, world.session(tenant).address)).toMatchObject({
    code: 'WAKE_FAILED',
    message: expect.stringContaining('it is away'),
  });
  world.archive.down = null;
  await use(world, tenant, 1);
  expect(world.host.writesOf(tenant.id)).toBe(4);
});

test('files that are here stay the data of a tenant that could not start with them', async () => {
  const world = new Orchestrated();
  const tenant = await archived(world);
  world.host.failNext('start', new Error('out of memory'));
  expect(await outcome(world, world.session(tenant).address)).toMatchObject({
    code: 'WAKE_FAILED',
  });
  expect(await rowOf(world, tenant)).toMatchObject({
    state: { kind: 'failed' },
    home: { kind: 'local' },
  });
  world.archive.down = fault('ARCHIVE_DOWN', { why: 'it is away' });
  await use(world, tenant, 1);
  expect(world.host.writesOf(tenant.id)).toBe(4);
});

test('a removed tenant is forgotten by the archive too', async () => {
  const world = new Orchestrated();
  const tenant = await archived(world);
  expect(world.archive.tenants).toEqual([tenant.id]);
  await outcome(world, world.orchestrator.remove(tenant.id));
  expect([world.archive.tenants, await world.stateOf(tenant)]).toEqual([[], undefined]);
});

test('tenants that come back from the archive hold up no wake of those that are here', async () => {
  const world = new Orchestrated({ atOnce: 1 });
  const away = [];
  for (let i = 0; i < 6; i++) away.push(await archived(world, `away${i}`));
  const here = await sleeping(world, 'here');
  world.archive.loadTakes = minutes(10);
  const sessions = away.map((tenant) => world.session(tenant));
  await world.clock.advance(seconds(1));
  expect(await outcome(world, world.session(here).address, ms(20))).toEqual({
    socketPath: `/${here.id}`,
  });
  const told = await Promise.all(
    sessions.map(({ address }) => outcome(world, address, seconds(30))),
  );
  expect(told).toMatchObject(away.map(() => ({ code: 'WAKE_TIMEOUT' })));
  await world.clock.advance(minutes(21));
  // The two that nobody waits for any more before it was their turn are let be.
  expect(world.host.running.length).toBe(5);
});

test('with little room on the disk whoever rests longest goes first, until there is none to go', async () => {
  const world = new Orchestrated({ rules: { diskReserveMb: 1 } });
  await world.orchestrator.recover();
  const names = ['first', 'second', 'third'];
  const tenants = [];
  for (const name of names) tenants.push(await sleeping(world, name));
  await world.clock.advance(hours(1));
  expect(world.host.placed.length).toBe(3);
  world.host.room = { freeBytes: 1_000, totalBytes: 1_000_000 };
  world.archive.saveTakes = seconds(10);
  await world.clock.advance(ms(minutes(1) + seconds(15)));
  expect(world.host.placed).not.toContain(tenants[0]?.id);
  expect(world.host.placed).toContain(tenants[2]?.id);
  await world.clock.advance(minutes(1));
  const removed = world.host.calls.filter((call) => call.startsWith('remove'));
  expect(removed).toEqual(tenants.map(({ id }) => `remove ${id}`));
});

test('who has moved since it was found due is not archived', async () => {
  const world = new Orchestrated({ rules: { archiveAfter: hours(24) } });
  await world.orchestrator.recover();
  const slow = await sleeping(world, 'slow');
  const used = await sleeping(world, 'used');
  world.archive.saveTakes = minutes(5);
  await world.clock.advance(ms(hours(24) + minutes(1)));
  await use(world, used, 1);
  await world.clock.advance(minutes(6));
  expect(world.host.placed).not.toContain(slow.id);
  expect(world.host.running).toEqual([used.id]);
});

test('the page cache of a tenant that is archived or removed is given to others', async () => {
  const world = new Orchestrated({ settings: { l2Bytes: 50 * 1_048_576 } });
  await outcome(world, world.orchestrator.remove((await sleeping(world, 'removed')).id));
  await archived(world, 'archived');
  await sleeping(world, 'one');
  expect(world.host.countOf('shedL2')).toBe(0);
  const other = await sleeping(world, 'other');
  expect(world.host.countOf('shedL2')).toBe(1);
  expect(world.host.memoryOf(other.id).l2).toBeLessThanOrEqual(50 * 1_048_576);
});
