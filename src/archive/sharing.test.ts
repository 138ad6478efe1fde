import { expect, test } from 'vitest';
import {
  archiveWorld,
  holderOf,
  OTHER,
  readContent,
  refOf,
  TENANT,
} from '../testing/archive-world.ts';

const fork = { tenant: OTHER, snapshot: refOf(OTHER, 1).snapshot, name: null, notes: {} };

test('a fork can be saved whose origin was being forgotten when the server died', async () => {
  await using world = await archiveWorld();
  await world.save(refOf(TENANT, 1));
  await world.archive.share(refOf(TENANT, 1), fork);
  // The fork came between the first look for snapshots and this, and the crash before the second.
  await world.store.create(`vaults/${TENANT}/closing`, Buffer.from('closing'));
  await world.open();
  await world.archive.forget(holderOf(TENANT));
  await world.save(refOf(OTHER, 2));
  expect(await world.load(refOf(OTHER, 2))).toEqual(await readContent(world.data));
});

test('two that are forgotten at once leave nothing of their vault', async () => {
  await using world = await archiveWorld();
  await world.save(refOf(TENANT, 1));
  await world.archive.share(refOf(TENANT, 1), fork);
  await Promise.all([TENANT, OTHER].map((tenant) => world.archive.forget(holderOf(tenant))));
  expect([...world.memory.objects.keys()].filter((key) => key.startsWith('vaults/'))).toEqual([]);
});
