import { expect, test } from 'vitest';
import type { SnapshotId } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { hours, minutes, ms, seconds } from '../domain/units.ts';
import { PRESETS } from '../policy/rules.ts';
import { Orchestrated } from '../testing/orchestrated.ts';
import { archived, outcome, rowOf, sleeping, use } from '../testing/tenants-at-rest.ts';

const writesIn = (world: Orchestrated, { id, vault }: Tenant, snapshot: SnapshotId): number =>
  Number(world.archive.notesOf({ tenant: id, vault, snapshot })?.writes);

/** Every snapshot that is kept, the latest first: its name, and how many writes it has. */
const keptOf = async (world: Orchestrated, tenant: Tenant) =>
  (await world.archive.list({ tenant: tenant.id, vault: tenant.vault })).map(({ id, name }) => ({
    name,
    writes: writesIn(world, tenant, id),
  }));

const homeOf = async (world: Orchestrated, tenant: Tenant): Promise<SnapshotId> => {
  const { home } = await rowOf(world, tenant);
  if (home.kind !== 'archive') throw new Error('its data is not in the archive');
  return home.snapshot;
};

const STATES = {
  new: { make: (world: Orchestrated) => world.tenant('acme'), writes: 0, stays: 'running' },
  running: {
    make: async (world: Orchestrated) => {
      const tenant = await world.tenant('acme');
      await use(world, tenant, 3);
      return tenant;
    },
    writes: 3,
    stays: 'running',
  },
  sleeping: { make: sleeping, writes: 3, stays: 'suspended' },
  archived: { make: archived, writes: 3, stays: 'suspended' },
} as const;

const STATE_NAMES = ['new', 'running', 'sleeping', 'archived'] as const;

test.each(STATE_NAMES)('a snapshot of a %s tenant has all its writes', async (state) => {
  for (const name of [null, 'mine']) {
    const world = new Orchestrated();
    const tenant = await STATES[state].make(world);
    const taken = await outcome(world, world.orchestrator.snapshot(tenant.id, name));
    // What an archived tenant has is a snapshot that nobody named.
    expect([taken.name, writesIn(world, tenant, taken.id)]).toEqual([name, STATES[state].writes]);
    expect(await world.stateOf(tenant)).toBe(STATES[state].stays);
    const more = state === 'archived' && name !== null ? 2 : 1;
    expect((await keptOf(world, tenant)).length).toBe(more);
  }
});

test('a tenant without changes gets its last snapshot again, but for one with a name', async () => {
  const world = new Orchestrated();
  const { id } = await sleeping(world);
  const take = (name: string | null) => outcome(world, world.orchestrator.snapshot(id, name));
  const first = await take(null);
  expect(await take(null)).toEqual(first);
  const named = await take('mine');
  expect([named.name, named.id === first.id]).toEqual(['mine', false]);
  await use(world, await rowOf(world, { id }), 1);
  expect((await take(null)).id).not.toBe(named.id);
});

test('what only a snapshot with a name has is saved again for who asks for none', async () => {
  const world = new Orchestrated();
  const tenant = await STATES.running.make(world);
  const take = (name: string | null) =>
    outcome(world, world.orchestrator.snapshot(tenant.id, name));
  await take(null);
  await use(world, tenant, 1);
  await world.clock.advance(seconds(1));
  await take('mine');
  await world.clock.advance(seconds(1));
  const last = await take(null);
  expect([last.name, writesIn(world, tenant, last.id)]).toEqual([null, 4]);
});

test('what was written a moment ago, and not reported yet, is in the snapshot of who asks', async () => {
  const world = new Orchestrated();
  const tenant = await STATES.running.make(world);
  const take = () => outcome(world, world.orchestrator.snapshot(tenant.id, null));
  await world.clock.advance(seconds(1));
  await take();
  await world.clock.advance(seconds(10));
  world.host.wrote(tenant.id);
  expect(writesIn(world, tenant, (await take()).id)).toBe(4);
});

test('a tenant whose last snapshot is damaged is saved again', async () => {
  const world = new Orchestrated();
  const tenant = await sleeping(world);
  const { id, vault } = tenant;
  await outcome(world, world.orchestrator.snapshot(id, 'good'));
  await use(world, tenant, 1);
  await outcome(world, world.orchestrator.suspend(id));
  const last = await outcome(world, world.orchestrator.snapshot(id, null));
  world.archive.damage({ tenant: id, vault, snapshot: last.id }, 'a chunk is missing');
  const again = await outcome(world, world.orchestrator.snapshot(id, null));
  expect([again.damage, writesIn(world, tenant, again.id)]).toEqual([null, 4]);
});

test('an archived tenant is the snapshot that was restored, not the latest', async () => {
  const world = new Orchestrated();
  const tenant = await sleeping(world);
  const first = await outcome(world, world.orchestrator.snapshot(tenant.id, 'first'));
  await use(world, tenant, 2);
  await outcome(world, world.orchestrator.restore(tenant.id, first.id));
  expect(await keptOf(world, tenant)).toEqual([
    { name: null, writes: 3 },
    { name: `before ${first.id}`, writes: 5 },
    { name: 'first', writes: 3 },
  ]);
  const now = await outcome(world, world.orchestrator.snapshot(tenant.id, null));
  expect(now.id).toBe(await homeOf(world, tenant));
  await use(world, tenant, 0);
  expect(world.host.writesOf(tenant.id)).toBe(3);
});

test.each(['running', 'sleeping', 'archived', 'failed'] as const)(
  'a snapshot is put in place of what a %s tenant has',
  async (state) => {
    const world = new Orchestrated();
    const tenant = await sleeping(world);
    const { id } = tenant;
    const first = await outcome(world, world.orchestrator.snapshot(id, 'first'));
    await use(world, tenant, 2);
    if (state !== 'running') await outcome(world, world.orchestrator.suspend(id));
    if (state === 'archived') await outcome(world, world.orchestrator.archive(id));
    if (state === 'failed') {
      world.host.failNext('start', new Error('the data is corrupt'));
      await outcome(world, world.session(tenant).address);
    }
    expect(await world.stateOf(tenant)).toBe(
      state === 'archived' || state === 'sleeping' ? 'suspended' : state,
    );
    const restored = await outcome(world, world.orchestrator.restore(id, first.id));
    expect(restored.state.kind).toBe('suspended');
    expect(writesIn(world, tenant, await homeOf(world, tenant))).toBe(3);
    expect(world.host.placed).toEqual([]);
    await use(world, tenant, 0);
    expect(world.host.writesOf(id)).toBe(3);
    // What a failed tenant has may be what is wrong with it.
    const kept = (await keptOf(world, tenant)).map(({ writes }) => writes);
    expect(Math.max(...kept)).toBe(state === 'failed' ? 3 : 5);
  },
);

test('a snapshot that is deleted while it is restored costs the tenant nothing', async () => {
  const world = new Orchestrated();
  const tenant = await sleeping(world);
  const { id, vault } = tenant;
  const first = await outcome(world, world.orchestrator.snapshot(id, 'first'));
  await use(world, tenant, 2);
  await outcome(world, world.orchestrator.suspend(id));
  world.archive.saveTakes = seconds(1);
  const restoring = world.orchestrator.restore(id, first.id).catch((error: unknown) => error);
  await world.clock.advance(seconds(0.5));
  await world.archive.drop({ tenant: id, vault, snapshot: first.id });
  await world.clock.advance(seconds(1));
  expect(await restoring).toMatchObject({ code: 'SNAPSHOT_UNKNOWN' });
  await use(world, tenant, 0);
  expect(world.host.writesOf(id)).toBe(5);
});

test('what cannot be kept is not replaced', async () => {
  const world = new Orchestrated();
  const tenant = await sleeping(world);
  const first = await outcome(world, world.orchestrator.snapshot(tenant.id, 'first'));
  await use(world, tenant, 2);
  await outcome(world, world.orchestrator.suspend(tenant.id));
  world.host.failNext('archive', new Error('a file cannot be read'));
  const refused = await outcome(world, world.orchestrator.restore(tenant.id, first.id));
  expect(refused).toMatchObject({ code: 'NOT_ARCHIVED' });
  await use(world, tenant, 0);
  expect(world.host.writesOf(tenant.id)).toBe(5);
});

test('sessions at rest are parked through a restore, one at work refuses it', async () => {
  const world = new Orchestrated();
  const tenant = await sleeping(world);
  const first = await outcome(world, world.orchestrator.snapshot(tenant.id, 'first'));
  const proxy = world.proxies.make('proxy');
  const session = proxy.open(tenant.id);
  await world.clock.advance(seconds(1));
  const restore = () => outcome(world, world.orchestrator.restore(tenant.id, first.id), seconds(6));
  expect(await restore()).toMatchObject({ code: 'TENANT_BUSY' });
  proxy.answered(session, 'idle');
  expect(world.host.writesOf(tenant.id)).toBe(4);
  await restore();
  proxy.ask(session);
  await world.clock.advance(seconds(1));
  expect([session.state, world.host.writesOf(tenant.id)]).toEqual(['busy', 3]);
  expect(world.proxies.violations).toEqual([]);
});

test('a snapshot that is unknown, or of a tenant that is, changes nothing', async () => {
  const world = new Orchestrated();
  const tenant = await sleeping(world);
  const unknown = 'sn_00000000000000ff' as SnapshotId;
  expect(await outcome(world, world.orchestrator.restore(tenant.id, unknown))).toMatchObject({
    code: 'SNAPSHOT_UNKNOWN',
  });
  expect(world.host.writesOf(tenant.id)).toBe(3);
});

test('a snapshot of a sleeping tenant gives way to who comes, and is taken of the compute', async () => {
  const world = new Orchestrated();
  const tenant = await sleeping(world);
  world.archive.saveTakes = seconds(10);
  const snapshot = world.orchestrator.snapshot(tenant.id, 'mine');
  await world.clock.advance(seconds(5));
  await use(world, tenant, 1);
  expect(world.host.running).toEqual([tenant.id]);
  const taken = await outcome(world, snapshot, seconds(10));
  expect([taken.taken, taken.name]).toEqual(['running', 'mine']);
});

test('a snapshot of an awake tenant holds up nobody who comes', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  await use(world, tenant, 3);
  world.archive.saveTakes = minutes(5);
  const snapshot = world.orchestrator.snapshot(tenant.id, null);
  await world.clock.advance(seconds(1));
  expect(await outcome(world, world.session(tenant).address, ms(0))).toEqual({
    socketPath: `/${tenant.id}`,
  });
  world.host.wrote(tenant.id);
  const { dirtySince } = await rowOf(world, tenant);
  await outcome(world, snapshot, minutes(5));
  // The fourth write may be in it or not.
  expect((await rowOf(world, tenant)).dirtySince).toBeGreaterThan(dirtySince ?? Infinity);
});

test.each([true, false])(
  'a snapshot under way does not hold up the end of the server, detach %s',
  async (detach) => {
    const world = new Orchestrated({ rules: { snapshotEvery: hours(1) } });
    await world.orchestrator.recover();
    const tenant = await world.tenant('acme', 'PERSISTENT');
    await use(world, tenant, 3);
    world.archive.saveTakes = minutes(30);
    await world.clock.advance(ms(hours(1) + minutes(2)));
    let isClosed = false;
    void world.orchestrator.close({ detach }).then(() => {
      isClosed = true;
    });
    await world.clock.advance(seconds(1));
    expect(isClosed).toBe(true);
    expect(world.host.running.length).toBe(detach ? 1 : 0);
  },
);

test('a restore that was cut short is not what is saved of the tenant', async () => {
  const world = new Orchestrated();
  const tenant = await sleeping(world);
  const { id } = tenant;
  const first = await outcome(world, world.orchestrator.snapshot(id, 'first'));
  await use(world, tenant, 2);
  await outcome(world, world.orchestrator.suspend(id));
  await outcome(world, world.orchestrator.snapshot(id, null));
  const share = world.archive.share.bind(world.archive);
  world.archive.share = async (from, to) => {
    await share(from, to);
    throw new Error('the answer is lost');
  };
  expect(await outcome(world, world.orchestrator.restore(id, first.id))).toBeInstanceOf(Error);
  expect((await rowOf(world, tenant)).home).toEqual({ kind: 'local' });
  const now = await outcome(world, world.orchestrator.snapshot(id, null));
  expect(writesIn(world, tenant, now.id)).toBe(5);
});

test('a tenant that is removed while it is saved is not saved again first', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  await use(world, tenant, 3);
  world.archive.saveTakes = minutes(30);
  const snapshot = world.orchestrator.snapshot(tenant.id, null).catch((error: unknown) => error);
  await world.clock.advance(seconds(1));
  await outcome(world, world.orchestrator.remove(tenant.id));
  expect(await world.stateOf(tenant)).toBe(undefined);
  expect(await snapshot).toMatchObject({ code: 'TENANT_BUSY' });
});

test('no change of an awake or sleeping tenant is older than allowed without a snapshot', async () => {
  const rules = { ...PRESETS.machine, archiveAfter: null };
  const world = new Orchestrated({ rules });
  await world.orchestrator.recover();
  const awake = await world.tenant('awake', 'PERSISTENT');
  await use(world, awake, 1);
  const asleep = await sleeping(world, 'asleep');
  for (let hour = 0; hour < 5; hour++) {
    const before = world.host.acknowledged(awake.id);
    await world.clock.advance(minutes(30));
    await use(world, awake, 1);
    await world.clock.advance(minutes(32));
    const [latest] = await keptOf(world, awake);
    expect(latest?.writes).toBeGreaterThanOrEqual(before);
  }
  expect((await rowOf(world, asleep)).dirtySince).toBe(null);
  expect(await keptOf(world, asleep)).toEqual([{ name: null, writes: 3 }]);
});

test('an awake tenant that nobody uses is not saved again and again', async () => {
  const world = new Orchestrated({ rules: { snapshotEvery: hours(1) } });
  await world.orchestrator.recover();
  const tenant = await world.tenant('acme', 'PERSISTENT');
  await use(world, tenant, 3);
  await world.clock.advance(hours(12));
  expect(world.host.countOf('archive')).toBe(1);
  await use(world, tenant, 1);
  await world.clock.advance(hours(12));
  expect(world.host.countOf('archive')).toBe(2);
  expect((await keptOf(world, tenant))[0]).toEqual({ name: null, writes: 4 });
});
