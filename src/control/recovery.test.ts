import { expect, test } from 'vitest';
import { newTenantId, parseTenantName, snapshotIdOf } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { tenantNote } from '../domain/tenant-note.ts';
import { hours, minutes, ms } from '../domain/units.ts';
import { MemoryCatalog } from '../sim/memory-catalog.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { Orchestrated, verifierOf } from '../testing/orchestrated.ts';
import { recoverTenants } from './recovery.ts';

/** A tenant that has been awake, has written, and is in the archive. */
async function archived(world: Orchestrated, name: string): Promise<Tenant> {
  const tenant = await world.tenant(name);
  const proxy = world.proxies.make(name);
  const session = proxy.open(tenant.id);
  await world.clock.advance(minutes(1));
  proxy.answered(session, 'idle');
  proxy.close(session);
  await world.clock.advance(hours(1));
  await world.orchestrator.archive(tenant.id);
  return tenant;
}

const doors = (world: Orchestrated) => ({ archive: world.archive, catalog: world.catalog });

test('a catalog that was lost is filled from the archive, and its tenants wake as they were', async () => {
  const world = new Orchestrated();
  const tenant = await archived(world, 'acme');
  world.catalog.removeFromMemory(tenant.id);

  const found = await recoverTenants(doors(world));
  expect(found).toMatchObject({ entered: [{ name: 'acme' }], skipped: [], known: 0 });
  const after = await world.catalog.tenantById(tenant.id);
  expect(after).toMatchObject({
    ...{ id: tenant.id, name: 'acme', plan: 'free', tier: 'COLD' },
    ...{ home: { kind: 'archive' }, state: { kind: 'suspended' }, settled: false },
  });
  expect(await world.catalog.verifier(tenant.id, 'acme')).toBe(verifierOf('A'));

  const { address } = world.session(tenant);
  await world.clock.advance(minutes(1));
  expect(await address).toEqual({ socketPath: `/${tenant.id}` });
  expect(world.host.writesOf(tenant.id)).toBe(1);
  expect(world.host.acknowledged(tenant.id)).toBe(1);
});

test('what it writes from then on is newer than what the archive had', async () => {
  const world = new Orchestrated();
  const tenant = await archived(world, 'acme');
  world.catalog.removeFromMemory(tenant.id);
  await recoverTenants(doors(world));
  const session = world.session(tenant);
  await world.clock.advance(minutes(1));
  await session.address;
  const saved = world.orchestrator.snapshot(tenant.id, null);
  await world.clock.advance(ms(1));
  const [latest, former] = await world.archive.list({ tenant: tenant.id, vault: tenant.id });
  expect(latest?.id).toBe((await saved).id);
  expect(Number(latest?.id.slice(3))).toBeGreaterThan(Number(former?.id.slice(3)));
});

test('the server that was taken for lost, and comes back, changes nothing in the archive any more', async () => {
  const world = new Orchestrated();
  const tenant = await archived(world, 'acme');
  const { id, vault } = tenant;
  const before = await world.catalog.tenantById(id);
  world.catalog.removeFromMemory(id);
  await recoverTenants(doors(world));
  const path = '/nowhere';
  const signal = new AbortController().signal;
  for (const ahead of [1, 100_000]) {
    const snapshot = snapshotIdOf((before?.generation ?? 0) + ahead);
    const request = { tenant: id, vault, snapshot, name: null, notes: {}, signal };
    const saved = world.archive.save({ ...request, source: { kind: 'stopped', path } });
    await expect(saved).rejects.toMatchObject({ code: 'STALE_GENERATION' });
  }
});

test('a tenant of which the latest snapshot has a name does without it', async () => {
  const world = new Orchestrated();
  const tenant = await archived(world, 'acme');
  const { id, vault } = tenant;
  const named = world.orchestrator.snapshot(id, 'mine');
  await world.clock.advance(ms(1));
  world.catalog.removeFromMemory(id);
  await recoverTenants(doors(world));
  await world.archive.drop({ tenant: id, vault, snapshot: (await named).id });
  const { address } = world.session(tenant);
  await world.clock.advance(minutes(1));
  expect(await address).toEqual({ socketPath: `/${id}` });
});

test('repeated, it enters nobody twice', async () => {
  const world = new Orchestrated();
  await archived(world, 'acme');
  expect(await recoverTenants(doors(world))).toEqual({ entered: [], skipped: [], known: 1 });
});

test('a name that is taken, and a snapshot that says nothing, are told and left out', async () => {
  const world = new Orchestrated();
  const [one, other] = [await archived(world, 'acme'), await archived(world, 'beta')];
  world.catalog.removeFromMemory(one.id);
  world.catalog.removeFromMemory(other.id);
  await world.tenant('acme');
  const { vault } = other;
  const to = { tenant: newTenantId(new SeededRandom(3)), snapshot: snapshotIdOf(1), name: null };
  const [latest] = await world.archive.list({ tenant: other.id, vault });
  const from = { tenant: other.id, vault, snapshot: latest?.id ?? snapshotIdOf(0) };
  await world.archive.share(from, { ...to, notes: {} });

  const found = await recoverTenants(doors(world));
  expect(found.entered.map(({ name }) => name)).toEqual(['beta']);
  expect(found.skipped).toEqual([
    { id: one.id, why: 'another tenant is called "acme" here' },
    { id: to.tenant, why: 'its snapshot does not say whose it is' },
  ]);
});

test('a fork that was never awake has a note of its own', async () => {
  const world = new Orchestrated();
  const origin = await archived(world, 'acme');
  const catalog = new MemoryCatalog(world.clock);
  const fork = { ...origin, id: newTenantId(new SeededRandom(3)), name: parseTenantName('fork') };
  const [latest] = await world.archive.list({ tenant: origin.id, vault: origin.vault });
  await world.archive.share(
    { tenant: origin.id, vault: origin.vault, snapshot: latest?.id ?? snapshotIdOf(0) },
    {
      ...{ tenant: fork.id, snapshot: snapshotIdOf(1), name: null },
      notes: tenantNote(fork, verifierOf('B')),
    },
  );
  const found = await recoverTenants({ archive: world.archive, catalog });
  expect(found.entered.map(({ name }) => name).sort()).toEqual(['acme', 'fork']);
  expect(await catalog.verifier(fork.id, 'fork')).toBe(verifierOf('B'));
});
