import { cp, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Known, OnProgress } from '../domain/archive.ts';
import {
  archiveWorld,
  controlFile,
  dataContent,
  entriesOf,
  holderOf,
  noise,
  OTHER,
  readContent,
  refOf,
  SEGMENT_BYTES,
  TENANT,
  templateContent,
  writeContent,
} from '../testing/archive-world.ts';

const NEVER = new AbortController().signal;

test('what was saved comes back byte for byte, into a directory that holds something else', async () => {
  await using world = await archiveWorld();
  const saved = await world.save(refOf(TENANT, 1));
  const { loaded, content } = await world.loaded(refOf(TENANT, 1));
  expect(content).toEqual(await readContent(world.data));
  expect(loaded).toMatchObject({ snapshot: saved, origin: TENANT, notes: { of: TENANT } });
  expect(await world.list()).toEqual([saved]);
});

test('it is told how far a save and a load are, to the last byte', async () => {
  await using world = await archiveWorld();
  await writeFile(join(world.data, 'base/5/huge'), noise(5_000_000, 4));
  const told: [number, number | null][] = [];
  const onProgress: OnProgress = (done, all) => void told.push([done, all]);
  const source = { kind: 'stopped', path: world.data } as const;
  const request = { ...refOf(TENANT, 1), name: null, notes: {}, signal: NEVER, onProgress };
  const { logicalBytes } = await world.archive.save({ ...request, source });
  expect(told).toEqual([
    [0, logicalBytes],
    [logicalBytes, logicalBytes],
  ]);
  told.length = 0;
  const into = join(world.dir, 'into');
  await cp(world.template, into, { recursive: true });
  await world.archive.load({ ...request, into, owner: null });
  const all = told[0]?.[1] ?? 0;
  expect(all).toBeGreaterThan(5_000_000);
  expect(told).toEqual([
    [0, all],
    [all, all],
  ]);
  told.length = 0;
  await world.archive.save({ ...request, ...refOf(TENANT, 2), source });
  expect(told.at(-1)).toEqual([logicalBytes, logicalBytes]);
});

test('workers do the same as one thread', async () => {
  await using world = await archiveWorld({ workers: 2 });
  await writeFile(join(world.data, 'base/5/huge'), noise(5_000_000, 4));
  await world.save(refOf(TENANT, 1));
  expect(await world.load(refOf(TENANT, 1))).toEqual(await readContent(world.data));
});

test('a second save stores only what has changed, and reads only that', async () => {
  await using world = await archiveWorld();
  await writeFile(join(world.data, 'base/5/huge'), noise(2_000_000, 4));
  const first = await world.save(refOf(TENANT, 1));
  await writeFile(join(world.data, 'base/5/small'), noise(9_000, 5));
  const second = await world.save(refOf(TENANT, 2));
  expect(first.addedBytes).toBeGreaterThan(2_300_000);
  expect(second.addedBytes).toBeLessThan(15_000);
  expect(await world.load(refOf(TENANT, 2))).toEqual(await readContent(world.data));
});

test('what every start makes anew is left out, and directories without files are kept', async () => {
  await using world = await archiveWorld();
  const extra = new Map<string, Buffer | null>([
    ...dataContent(),
    ['pg_stat_tmp', null],
    ['pg_stat', null],
    ['pg_stat/pgstat.stat', Buffer.from('counted')],
  ]);
  const leftOut = new Map<string, Buffer | null>([
    ['postmaster.pid', Buffer.from('1')],
    ['postmaster.opts', Buffer.from('x')],
    ['pg_notify/0000', Buffer.from('x')],
    ['base/1/pg_internal.init', Buffer.from('x')],
    ['base/pgsql_tmp/x1', Buffer.from('x')],
    ['pg_wal/000000010000000000000002', Buffer.alloc(SEGMENT_BYTES)],
    ['pg_wal/000000010000000000000004', Buffer.alloc(SEGMENT_BYTES)],
  ]);
  await writeContent(world.data, new Map([...extra, ...leftOut]));
  await world.save(refOf(TENANT, 1));
  const content = await world.load(refOf(TENANT, 1));
  expect([...content.keys()]).toEqual([...extra.keys()].sort());
});

test('a stream of a running cluster is saved with all of its WAL', async () => {
  await using world = await archiveWorld();
  const content = new Map([
    ...dataContent(),
    ['backup_label', Buffer.from('START WAL LOCATION: 0/30028')],
    ['pg_wal/000000010000000000000004', Buffer.alloc(SEGMENT_BYTES, 'x')],
  ]);
  const source = { kind: 'running', entries: entriesOf(content) } as const;
  const request = { ...refOf(TENANT, 1), name: null, source, notes: {}, signal: NEVER };
  const saved = await world.archive.save(request);
  expect(saved.taken).toBe('running');
  expect(await world.load(refOf(TENANT, 1))).toEqual(new Map([...content].sort()));
});

test('a cluster that was not shut down is not taken for one that was', async () => {
  await using world = await archiveWorld();
  await writeFile(join(world.data, 'global/pg_control'), controlFile({ state: 6 }));
  await expect(world.save(refOf(TENANT, 1))).rejects.toThrow('was not shut down cleanly');
  expect(await world.list()).toEqual([]);
});

test('a writer with an older id than the latest is refused, and leaves nothing', async () => {
  await using world = await archiveWorld();
  await world.save(refOf(TENANT, 7));
  await expect(world.save(refOf(TENANT, 6))).rejects.toMatchObject({ code: 'STALE_GENERATION' });
  expect((await world.list()).map(({ id }) => id)).toEqual(['sn_000000000007']);
});

test('the same save again is the same snapshot; other data under its id is refused', async () => {
  await using world = await archiveWorld();
  const saved = await world.save(refOf(TENANT, 1));
  expect(await world.save(refOf(TENANT, 1))).toEqual(saved);
  await writeFile(join(world.data, 'base/5/small'), 'changed');
  await expect(world.save(refOf(TENANT, 1))).rejects.toMatchObject({ code: 'STALE_GENERATION' });
});

test.each(['archive.packed', 'archive.listed', 'archive.headed'] as const)(
  'a crash at %s, twice, leaves the snapshot before it and lets the next be made',
  async (point) => {
    await using world = await archiveWorld({ grace: 0 as never });
    await world.save(refOf(TENANT, 1));
    const before = await readContent(world.data);
    await writeFile(join(world.data, 'base/5/huge'), noise(400_000, 5));
    for (const id of [2, 2]) {
      world.crashAt = point;
      await expect(world.save(refOf(TENANT, id))).rejects.toThrow(`crash at ${point}`);
      await world.open();
    }
    expect(await world.load(refOf(TENANT, 1))).toEqual(before);
    await world.save(refOf(TENANT, 3));
    await world.archive.collect(holderOf(TENANT), null);
    expect(await world.load(refOf(TENANT, 3))).toEqual(await readContent(world.data));
    const packs = [...world.memory.objects.keys()].filter(
      (key) => key.includes('vaults') && key.includes('/packs/'),
    );
    // Of the first snapshot and of the last; those of the crashes are gone.
    expect(packs).toHaveLength(2);
  },
);

test('a snapshot that was given up is not there, nor are its packs', async () => {
  await using world = await archiveWorld();
  const stop = new AbortController();
  const entries = async function* () {
    yield* entriesOf(new Map([...dataContent(), ['base/5/huge', noise(20_000_000, 1)]]));
    stop.abort(new Error('enough'));
    yield* entriesOf(new Map([['base/5/last', noise(10, 1)]]));
  };
  const source = { kind: 'running', entries: entries() } as const;
  const request = { ...refOf(TENANT, 1), name: null, source, notes: {}, signal: stop.signal };
  await expect(world.archive.save(request)).rejects.toThrow('enough');
  expect([...world.memory.objects.keys()].filter((key) => key.startsWith('vaults/'))).toEqual([
    `vaults/${TENANT}/key`,
    `vaults/${TENANT}/key.copy`,
  ]);
});

test('another master key opens nothing, and says so', async () => {
  await using world = await archiveWorld();
  await world.save(refOf(TENANT, 1));
  await world.open({ masterKey: noise(32, 1) });
  await expect(world.load(refOf(TENANT, 1))).rejects.toMatchObject({ code: 'ARCHIVE_KEY' });
});

test('nothing of the data can be read in the store', async () => {
  await using world = await archiveWorld();
  await writeFile(join(world.data, 'base/5/secret'), 'the secret of the tenant '.repeat(9_000));
  await world.save(refOf(TENANT, 1));
  for (const { bytes } of world.memory.objects.values()) {
    expect(bytes.includes('secret')).toBe(false);
    expect(bytes.includes('base/5')).toBe(false);
  }
});

test('a machine with another template brings back the same', async () => {
  await using world = await archiveWorld();
  await world.save(refOf(TENANT, 1));
  const saved = await readContent(world.data);
  const content = templateContent();
  content.delete('base/1/words');
  await writeContent(world.template, new Map([...content, ['base/1/new', noise(200_000, 9)]]));
  await world.open();
  expect(await world.load(refOf(TENANT, 1))).toEqual(saved);
  await world.save(refOf(TENANT, 2));
  expect(await world.load(refOf(TENANT, 2))).toEqual(saved);
});

test('any object that is altered, cut or lost is found, told, and noted beside the snapshot', async () => {
  await using world = await archiveWorld();
  await writeFile(join(world.data, 'base/5/huge'), noise(400_000, 5));
  await world.save(refOf(TENANT, 1));
  const keys = [...world.memory.objects.keys()].filter(
    (key) => /packs|manifests/.test(key) && key.startsWith('vaults'),
  );
  expect(keys).toHaveLength(2);
  for (const key of keys) {
    const kept = world.memory.objects.get(key);
    if (!kept) throw new Error('unreachable');
    const half = Math.floor(kept.bytes.length / 2);
    const flipped = Buffer.from(kept.bytes);
    flipped.writeUInt8(flipped.readUInt8(half) ^ 1, half);
    for (const bytes of [flipped, kept.bytes.subarray(0, half), Buffer.alloc(0)]) {
      world.memory.objects.set(key, { ...kept, bytes });
      await expect(world.load(refOf(TENANT, 1))).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT' });
      expect((await world.list())[0]?.damage).not.toBeNull();
    }
    world.memory.objects.set(key, kept);
    expect(await world.load(refOf(TENANT, 1))).toEqual(await readContent(world.data));
    expect((await world.list())[0]?.damage).toBeNull();
  }
  world.memory.objects.delete(keys.find((key) => key.includes('packs')) ?? '');
  await expect(world.load(refOf(TENANT, 1))).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT' });
  await expect(world.load(refOf(TENANT, 9))).rejects.toMatchObject({ code: 'SNAPSHOT_UNKNOWN' });
});

test('what is lost in the store is stored again by the next save', async () => {
  await using world = await archiveWorld();
  await writeFile(join(world.data, 'base/5/huge'), noise(400_000, 5));
  await world.save(refOf(TENANT, 1));
  for (const key of [...world.memory.objects.keys()]) {
    if (key.includes('/packs/') && key.startsWith('vaults')) world.memory.objects.delete(key);
  }
  await world.save(refOf(TENANT, 2));
  expect(await world.load(refOf(TENANT, 2))).toEqual(await readContent(world.data));
});

test('a page with a wrong checksum is told, and the good snapshots before it are kept', async () => {
  await using world = await archiveWorld({ grace: 0 as never });
  for (const id of [1, 2]) await world.save(refOf(TENANT, id));
  await writeFile(join(world.data, 'base/1/2001'), noise(16_384, 5));
  for (const id of [3, 4, 5]) await world.save(refOf(TENANT, id));
  expect(world.log.alarming).toContain(
    'pages of a data directory have wrong checksums; snapshots taken before are kept',
  );
  await world.archive.collect(holderOf(TENANT), null);
  expect((await world.list()).map(({ id }) => id)).toEqual(
    [5, 4, 3, 2, 1].map((id) => `sn_00000000000${id}`),
  );
});

test('a shared snapshot lives on when its origin is forgotten, and all goes with the last', async () => {
  await using world = await archiveWorld({ grace: 0 as never });
  await writeFile(join(world.data, 'base/5/huge'), noise(400_000, 5));
  await world.save(refOf(TENANT, 1));
  const target = {
    tenant: OTHER,
    snapshot: refOf(OTHER, 1).snapshot,
    name: 'fork',
    notes: { of: 'fork' },
  };
  const shared = await world.archive.share(refOf(TENANT, 1), target);
  expect(shared).toMatchObject({ name: 'fork', damage: null });
  expect(shared.addedBytes).toBeLessThan(20_000);
  await world.archive.forget(holderOf(TENANT));
  await world.archive.collect(holderOf(OTHER), null);
  expect(await world.list()).toEqual([]);
  const { loaded, content } = await world.loaded(refOf(OTHER, 1));
  expect(content).toEqual(await readContent(world.data));
  expect(loaded).toMatchObject({ origin: TENANT, notes: { of: 'fork' } });
  await world.archive.forget(holderOf(OTHER));
  expect([...world.memory.objects.keys()].filter((key) => key.startsWith('vaults/'))).toEqual([]);
});

test('a key that is damaged or lost is had from its copy; without both nothing is overwritten', async () => {
  await using world = await archiveWorld();
  await world.save(refOf(TENANT, 1));
  const key = `vaults/${TENANT}/key`;
  const kept = world.memory.objects.get(key);
  if (!kept) throw new Error('unreachable');
  const torn = { ...kept, bytes: kept.bytes.subarray(0, 40) };
  for (const spoil of [
    () => world.memory.objects.set(key, torn),
    () => world.memory.objects.delete(key),
  ]) {
    spoil();
    await world.open();
    expect(await world.load(refOf(TENANT, 1))).toEqual(await readContent(world.data));
    expect(world.memory.objects.get(key)?.bytes).toEqual(kept.bytes);
  }
  for (const name of [key, `${key}.copy`]) world.memory.objects.set(name, torn);
  await world.open();
  await expect(world.load(refOf(TENANT, 1))).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT' });
  await expect(world.save(refOf(TENANT, 2))).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT' });
  expect(world.memory.objects.get(key)?.bytes).toEqual(torn.bytes);
});

test('what is known of all tenants is their latest good snapshot', async () => {
  await using world = await archiveWorld();
  for (const id of [1, 2]) await world.save(refOf(TENANT, id));
  await world.save(refOf(OTHER, 3, OTHER));
  world.memory.objects
    .get(`vaults/${TENANT}/manifests/${TENANT}/sn_000000000002`)
    ?.bytes.fill(0, 500);
  const all: Known[] = [];
  for await (const one of world.archive.known()) all.push(one);
  const takenAt = world.clock.wall();
  expect(all).toEqual([
    { ...refOf(TENANT, 1), takenAt, notes: { of: TENANT } },
    { ...refOf(OTHER, 3, OTHER), takenAt, notes: { of: OTHER } },
  ]);
});

test('a change that keeps size and time of a file is saved all the same', async () => {
  await using world = await archiveWorld();
  const path = join(world.data, 'base/5/small');
  const { atime, mtime } = await stat(path);
  await world.save(refOf(TENANT, 1));
  await writeFile(path, noise(9_000, 8));
  await utimes(path, atime, mtime);
  await world.save(refOf(TENANT, 2));
  expect(await world.load(refOf(TENANT, 2))).toEqual(await readContent(world.data));
});

test('what was seen of a directory is of no use for another, or when it cannot be read', async () => {
  await using world = await archiveWorld();
  await world.save(refOf(TENANT, 1));
  const scan = join(world.dir, 'scratch/scans', TENANT);
  expect(JSON.parse(await readFile(scan, 'utf8'))).toMatchObject({ snapshot: 'sn_000000000001' });
  await writeContent(world.data, new Map([...dataContent(), ['base/5/small', noise(9_000, 8)]]));
  await world.save(refOf(TENANT, 2));
  await writeFile(scan, 'no JSON');
  await world.save(refOf(TENANT, 3));
  for (const id of [2, 3]) {
    expect(await world.load(refOf(TENANT, id))).toEqual(await readContent(world.data));
  }
});
