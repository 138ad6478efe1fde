import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hours, ms } from '../domain/units.ts';
import {
  type ArchiveWorld,
  archiveWorld,
  dataContent,
  entriesOf,
  holderOf,
  noise,
  OTHER,
  readContent,
  refOf,
  TENANT,
} from '../testing/archive-world.ts';

const NEVER = new AbortController().signal;
const GRACE = hours(24);
const HOLDER = holderOf(TENANT);

const packsOf = (world: ArchiveWorld): readonly string[] =>
  [...world.memory.objects.keys()].filter((key) => key.startsWith(`vaults/${TENANT}/packs/`));

const huge = (world: ArchiveWorld, seed: number): Promise<void> =>
  writeFile(join(world.data, 'base/5/huge'), noise(200_000, seed));

const ids = async (world: ArchiveWorld): Promise<readonly number[]> =>
  (await world.list()).map(({ id }) => Number(id.slice(3)));

test('named ones, the one that is asked for and the last two automatic ones are kept', async () => {
  await using world = await archiveWorld();
  for (const id of [1, 2, 3, 4, 5]) await world.save(refOf(TENANT, id), id === 2 ? 'mine' : null);
  const collected = await world.archive.collect(HOLDER, refOf(TENANT, 1).snapshot);
  expect(collected.snapshots).toBe(1);
  expect(await ids(world)).toEqual([5, 4, 2, 1]);
});

test('nothing is kept on this machine of a tenant whose data is in the archive alone', async () => {
  await using world = await archiveWorld();
  await world.save(refOf(TENANT, 1));
  const scans = join(world.dir, 'scratch/scans');
  await world.archive.collect(HOLDER, null);
  expect(await readdir(scans)).toEqual([TENANT]);
  await world.archive.collect(HOLDER, refOf(TENANT, 1).snapshot);
  expect(await readdir(scans)).toEqual([]);
});

test('a damaged snapshot does not count as one of the last two', async () => {
  await using world = await archiveWorld();
  for (const id of [1, 2, 3]) await world.save(refOf(TENANT, id));
  const key = `vaults/${TENANT}/manifests/${TENANT}/sn_000000000003`;
  const kept = world.memory.objects.get(key);
  kept?.bytes.fill(0, 500);
  await expect(world.load(refOf(TENANT, 3))).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT' });
  await world.archive.collect(HOLDER, null);
  expect(await ids(world)).toEqual([3, 2, 1]);
});

test('what nothing reaches goes when it has been condemned for the grace time, and not before', async () => {
  await using world = await archiveWorld({ grace: GRACE });
  await rm(join(world.data, 'base/5/large'));
  for (const id of [1, 2, 3, 4]) {
    await huge(world, id);
    await world.save(refOf(TENANT, id));
  }
  const before = packsOf(world).length;
  await world.archive.collect(HOLDER, null);
  await world.clock.advance(ms(GRACE - 1));
  expect((await world.archive.collect(HOLDER, null)).objects).toBe(0);
  expect(packsOf(world)).toHaveLength(before);
  await world.clock.advance(ms(1));
  const collected = await world.archive.collect(HOLDER, null);
  // The small file of the first pack was in the way until it was written anew with the third.
  expect(collected.objects).toBe(2);
  expect(collected.bytes).toBeGreaterThan(400_000);
  for (const id of [3, 4]) await world.load(refOf(TENANT, id));
});

test('a save under way while its packs are found unreached loses nothing', async () => {
  await using world = await archiveWorld({ grace: GRACE });
  await huge(world, 1);
  await world.save(refOf(TENANT, 1));
  const content = new Map([
    ...dataContent(),
    ['base/5/huge', noise(200_000, 1)],
    ['base/5/more', noise(300_000, 2)],
  ]);
  // All that it builds on is dropped and condemned while it goes on, as late as it may.
  const entries = async function* () {
    for await (const entry of entriesOf(content)) {
      yield entry;
      if (entry.path !== 'base/5/huge') continue;
      await world.archive.drop(refOf(TENANT, 1));
      await world.archive.collect(HOLDER, null);
      await world.clock.advance(ms(GRACE / 2));
      await world.archive.collect(HOLDER, null);
    }
  };
  const source = { kind: 'running', entries: entries() } as const;
  await world.archive.save({ ...refOf(TENANT, 2), name: null, source, notes: {}, signal: NEVER });
  for (let look = 0; look < 3; look++) {
    await world.clock.advance(GRACE);
    await world.archive.collect(HOLDER, null);
  }
  expect(await world.load(refOf(TENANT, 2))).toEqual(new Map([...content].sort()));
});

test('a save that takes longer than that gives up', async () => {
  await using world = await archiveWorld({ grace: GRACE });
  const entries = async function* () {
    yield* entriesOf(dataContent());
    await world.clock.advance(ms(GRACE / 2 + 1));
  };
  const source = { kind: 'running', entries: entries() } as const;
  const request = { ...refOf(TENANT, 2), name: null, source, notes: {}, signal: NEVER };
  await expect(world.archive.save(request)).rejects.toThrow('took so long');
  expect(await world.list()).toEqual([]);
});

test('a save builds nothing on what is condemned', async () => {
  await using world = await archiveWorld({ grace: GRACE });
  await huge(world, 1);
  await world.save(refOf(TENANT, 1));
  // Condemned by mistake, as if by a look before its manifest was there.
  const packs = packsOf(world).map((key) => key.split('/').at(-1));
  await world.memory.create(`vaults/${TENANT}/condemned/x`, Buffer.from(packs.join('\n')));
  const second = await world.save(refOf(TENANT, 2));
  expect(second.addedBytes).toBeGreaterThan(500_000);
});

test('nothing is deleted while a manifest cannot be read', async () => {
  await using world = await archiveWorld({ grace: ms(0) });
  for (const id of [1, 2, 3]) {
    await huge(world, id);
    await world.save(refOf(TENANT, id), 'kept');
  }
  await world.archive.drop(refOf(TENANT, 2));
  world.memory.objects
    .get(`vaults/${TENANT}/manifests/${TENANT}/sn_000000000001`)
    ?.bytes.fill(0, 500);
  expect(await world.archive.collect(HOLDER, null)).toEqual({ snapshots: 0, objects: 0, bytes: 0 });
  expect(await world.load(refOf(TENANT, 3))).toEqual(await readContent(world.data));
});

test('what another tenant of the vault needs is kept', async () => {
  await using world = await archiveWorld({ grace: ms(0) });
  await huge(world, 1);
  await world.save(refOf(TENANT, 1));
  const saved = await readContent(world.data);
  const target = { tenant: OTHER, snapshot: refOf(OTHER, 1).snapshot, name: null, notes: {} };
  await world.archive.share(refOf(TENANT, 1), target);
  await huge(world, 2);
  for (const id of [2, 3, 4]) await world.save(refOf(TENANT, id));
  await world.archive.collect(HOLDER, null);
  expect(await ids(world)).toEqual([4, 3]);
  expect(await world.load(refOf(OTHER, 1))).toEqual(saved);
});

test('after many changes the store holds no more than a bounded share of garbage', async () => {
  await using world = await archiveWorld({ grace: ms(0) });
  const sizes = async (): Promise<number> => {
    const all = packsOf(world).map((key) => world.memory.objects.get(key)?.bytes.length ?? 0);
    return all.reduce((sum, bytes) => sum + bytes, 0);
  };
  const parts = Array.from({ length: 12 }, (_, part) => noise(131_072, part));
  for (let id = 1; id <= 36; id++) {
    parts[id % 12] = noise(131_072, 100 + id);
    await writeFile(join(world.data, 'base/5/table'), Buffer.concat(parts));
    await world.save(refOf(TENANT, id));
    await world.archive.collect(HOLDER, null);
  }
  // One snapshot needs 2 MB; the last two share nearly all of it.
  expect(await sizes()).toBeLessThan(2 * (12 * 131_072 + 400_000));
  expect(await world.load(refOf(TENANT, 36))).toEqual(await readContent(world.data));
});
